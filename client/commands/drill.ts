import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { InvalidArgumentError, type Command } from 'commander';
import type { DrillInput, DrillOutcome } from '../../domain/drill';
import { drillWorkflowId, STORE_NAMES, TASK_QUEUE, type StoreName } from '../../domain/names';
import type { Context } from '../context';
import { endingOf } from '../ending';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { seconds } from '../numbers';
import { interruptible, whoAsks } from '../person';
import { currentPollers, describeTrouble, missingQueues } from '../pollers';
import { renderDrill } from '../render/drill';
import { resultWithin } from '../result-within';
import type { Session } from '../temporal';
import { HybridFlowError } from '../../domain/errors';

/** The workflow's registered name; the client never loads workflow code. */
const DRILL_VERSION = 'drillVersion';

interface Flags {
  store?: StoreName[];
  by?: string;
  timeout?: number;
}

interface Run {
  workflowId: string;
  runId: string;
  url: string | null;
  startedAt: string;
  handle: WorkflowHandle<() => Promise<DrillOutcome>>;
}

/** `hfv drill`: could this version be restored, and how long would it take? Production is not touched. */
export function addDrill(program: Command, host: Host): void {
  program
    .command('drill')
    .argument('<version>', 'version id, as `hfv versions` lists it, or latest-copy')
    .description('restore a version beside production, run the seven checks, and take the time to recover')
    .option('--store <name>', 'sqlite, qdrant or neo4j; may be given again (default: all three)', storeNamed)
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--timeout <seconds>', 'let go after this long; the drill goes on', seconds)
    .action(
      host.run<Flags>((context, flags, version) =>
        context.withTemporal((session) => drill(context, session, flags, version)),
      ),
    );
}

async function drill(context: Context, session: Session, flags: Flags, versionId: string): Promise<ExitCode> {
  const { out } = context;
  const { base } = context.settings();
  const input = { versionId, base, ...(flags.store && { stores: flags.store }), startedBy: flags.by ?? whoAsks() };
  const run = await startDrill(session, base, input);
  if (run.url) out.note(`Temporal: ${run.url}`);
  const missing = await currentPollers(session).catch(() => undefined);
  if (missing && missingQueues(missing).length > 0) out.warn(describeTrouble(missing));
  const outcome = await resultOf(run, flags.timeout);
  const { workflowId, runId, url } = run;
  if (!outcome) {
    out.result({ drill: null, workflowId, runId, url }, () => 'Let go: the drill goes on, and is logged when it ends.');
    return EXIT.detached;
  }
  out.result({ drill: outcome, workflowId, runId, url }, (color) => renderDrill(outcome, color));
  return outcome.passed ? EXIT.done : EXIT.checkFailed;
}

/** Starts a drill of the version, or attaches to the one that runs. */
async function startDrill(session: Session, base: string, input: DrillInput): Promise<Run> {
  const workflowId = drillWorkflowId(base, input.versionId);
  const startedAt = new Date().toISOString();
  const started = await session.client.workflow.start<() => Promise<DrillOutcome>>(DRILL_VERSION, {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [input] as unknown as [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `Drill of ${input.versionId} of ${base}`,
  });
  const runId = started.firstExecutionRunId;
  const handle = session.client.workflow.getHandle<() => Promise<DrillOutcome>>(workflowId, runId);
  return { workflowId, runId, url: session.uiLink(workflowId, runId), startedAt, handle };
}

/**
 * Undefined where the person at the terminal lets go.
 *
 * @throws HybridFlowError the run's own code, or WAIT_TIMED_OUT
 */
function resultOf(run: Run, timeoutSeconds: number | undefined): Promise<DrillOutcome | undefined> {
  return interruptible(async (interrupted) => {
    const letGo = new Promise<undefined>((resolve) => {
      interrupted.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    try {
      return await resultWithin(run.handle, timeoutSeconds, (after) => timedOut(run, after), letGo);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const { workflowId, runId, url, startedAt } = run;
      const view = { workflowId, runId, type: DRILL_VERSION, status: 'FAILED', startedAt, closedAt: null, url };
      throw endingOf(error, view);
    }
  });
}

function timedOut({ workflowId, runId }: Run, after: number): HybridFlowError {
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `The drill has not ended within ${after} s; it goes on by itself`,
    next: 'ask for it again to wait for it, or look at `hfv versions` later',
    details: { workflowId, runId },
  });
}

function storeNamed(name: string, before: StoreName[] = []): StoreName[] {
  const known = STORE_NAMES.find((one) => one === name);
  if (known) return [...new Set([...before, known])];
  throw new InvalidArgumentError(`Expected one of ${STORE_NAMES.join(', ')}.`);
}
