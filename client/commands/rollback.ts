import { WorkflowFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import type { RollbackRecord } from '../../domain/rollback';
import type { Context } from '../context';
import { endingOf } from '../ending';
import { EXIT, type ExitCode } from '../exit-codes';
import { seconds } from '../numbers';
import type { Host } from '../host';
import { confirm, whoAsks } from '../person';
import { renderRollback } from '../render/rollback';
import { resultWithin } from '../result-within';
import { runRollback, type RollbackRun } from '../rollback';
import type { Session } from '../temporal';

interface Flags {
  continue?: boolean;
  reason?: string;
  by?: string;
  yes?: boolean;
  timeout?: number;
}

/** `hfv rollback`: takes a version back in the plan's eight steps, or goes on where an undo was left half done. */
export function addRollback(program: Command, host: Host): void {
  program
    .command('rollback')
    .argument('[version]', 'version id; without it the one under way, or left half undone')
    .description('roll a version back in eight steps: one under way, or one whose undo was left half done')
    .option('--continue', 'go on with an undo that was left half done')
    .option('--reason <text>', 'why; written to the records')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--yes', 'do not ask on a terminal')
    .option('--timeout <seconds>', 'let go after this long; the rollback goes on', seconds)
    .action(
      host.run<Flags>((context, flags, version) =>
        context.withTemporal((session) => rollBack(context, session, flags, version)),
      ),
    );
}

async function rollBack(context: Context, session: Session, flags: Flags, version: string): Promise<ExitCode | void> {
  const { out } = context;
  const asks = !flags.yes && !flags.continue && !out.json && process.stdin.isTTY && process.stderr.isTTY;
  if (asks && !(await confirm(`Roll back ${version === '' ? 'the version under way' : version}?`))) {
    out.result({ requested: false }, () => 'Left as it is.');
    return;
  }
  const input = {
    ...(version !== '' && { versionId: version }),
    ...(flags.reason !== undefined && { reason: flags.reason }),
    startedBy: flags.by ?? whoAsks(),
  };
  const run = await runRollback(session, context.settings().base, input);
  if (run.url) out.note(`Temporal: ${run.url}`);
  const record = await resultOf(run, flags.timeout);
  out.result({ rollback: record, workflowId: run.workflowId, runId: run.runId, url: run.url }, (color) =>
    renderRollback(record, color),
  );
  return record.proven ? EXIT.done : EXIT.needsOperator;
}

/** @throws HybridFlowError the run's own code, or WAIT_TIMED_OUT */
async function resultOf(run: RollbackRun, timeoutSeconds: number | undefined): Promise<RollbackRecord> {
  try {
    return await resultWithin(run.handle, timeoutSeconds, (after) => timedOut(run, after));
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw endingOf(error, run.view('FAILED'));
  }
}

function timedOut({ workflowId, runId }: RollbackRun, seconds: number): HybridFlowError {
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `The rollback has not ended within ${seconds} s; it goes on by itself`,
    next: 'ask for it again to wait for it, or look at it in the Temporal UI',
    details: { workflowId, runId },
  });
}
