import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import type { PublishOutcome } from '../../domain/publish';
import type { ReadyAnswer, StagingView } from '../../domain/staging';
import { approveUpdate, type ApproveRequest } from '../../workflows/messages';
import type { Change, ChangeView } from '../changes';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { seconds } from '../numbers';
import { whoAsks } from '../person';
import { declareReady, followPublish, requireStaging, type FollowedPublish } from '../publishing';
import { renderPublished, renderReady } from '../render/publish';
import type { Session } from '../temporal';
import { askUpdate } from '../updates';

interface Flags {
  by?: string;
  approve?: boolean;
  timeout?: number;
}

const ANSWER_SECONDS = 30;

/** `hfv ready`: declares staging ready, and says what its validation found. */
export function addReady(program: Command, host: Host): void {
  program
    .command('ready')
    .description('declare staging ready: it is validated, and promoted where nobody has to approve')
    .option('--by <name>', 'who says so (default: user@host)')
    .action(
      host.run<Flags>((context, { by }) =>
        context.withTemporal(async (session) => {
          const { change } = await requireStaging(context, session);
          const answer = await declareReady(session, change, { by: by ?? whoAsks() });
          return printReady(context, change, answer);
        }),
      ),
    );
}

/** `hfv approve`: lets a validated version be promoted. */
export function addApprove(program: Command, host: Host): void {
  program
    .command('approve')
    .description('approve the promote of what was validated, and show it to its end')
    .option('--by <name>', 'who approves (default: user@host)')
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .action(
      host.run<Flags>((context, { by, timeout }) =>
        context.withTemporal(async (session) => {
          const { change, view } = await requireStaging(context, session);
          await (isSettling(view.staging) ? approveOnceAsked : approve)(session, change, by);
          return printEnd(
            context,
            await followPublish(context, session, change, { attached: true, timeoutSeconds: timeout }),
          );
        }),
      ),
    );
}

/** `hfv commit`: ready, approved where that is said, and shown to its end. */
export function addCommit(program: Command, host: Host): void {
  program
    .command('commit')
    .description('declare staging ready and wait until the version is promoted and sealed')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--approve', 'approve it too, where approval is waited for')
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .action(host.run<Flags>((context, flags) => context.withTemporal((session) => commit(context, session, flags))));
}

async function commit(
  context: Context,
  session: Session,
  { by, approve: approves, timeout }: Flags,
): Promise<ExitCode> {
  const { change, view } = await requireStaging(context, session);
  let waits = view.staging?.stage === 'waiting for approval' || isSettling(view.staging);
  if (view.staging?.stage === 'open') {
    const answer = await declareReady(session, change, { by: by ?? whoAsks() });
    if (!answer.accepted) return printReady(context, change, answer);
    waits = answer.awaitsApproval;
  }
  if (waits && !approves) throw notApproved(view.versionId);
  if (waits) await approveOnceAsked(session, change, by);
  return printEnd(context, await followPublish(context, session, change, { attached: true, timeoutSeconds: timeout }));
}

/** Validated and answered, while what was found is still being written down. */
function isSettling(staging: StagingView | undefined): boolean {
  return staging?.stage === 'validating' && staging.lastReady?.awaitsApproval === true;
}

/** The run has answered that it waits for approval, and may need a moment to get there. */
async function approveOnceAsked(session: Session, change: Change, by: string | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await approve(session, change, by);
    } catch (error) {
      if (!(error instanceof HybridFlowError) || error.code !== 'NOT_STAGING' || attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

async function approve(session: Session, { handle }: Change, by: string | undefined): Promise<void> {
  const request = { by: by ?? whoAsks() };
  await askUpdate(session, ANSWER_SECONDS, () =>
    handle.executeUpdate<StagingView, [ApproveRequest]>(approveUpdate.name, { args: [request] }),
  );
}

function printReady(context: Context, { workflowId, runId, url }: ChangeView, answer: ReadyAnswer): ExitCode {
  context.out.result({ ...answer, workflowId, runId, url }, (color) => renderReady(answer, color));
  return answer.accepted ? EXIT.done : EXIT.checkFailed;
}

/** Prints how a publication ended, or that it goes on without us. */
export function printEnd(
  context: Context,
  result: FollowedPublish,
  wanted: PublishOutcome['outcome'] = 'committed',
): ExitCode {
  const { workflowId, runId, url } = result.change;
  if (result.kind === 'reopened') return printReady(context, result.change, result.answer);
  if (result.kind === 'ended') {
    const { outcome } = result;
    context.out.result({ ...outcome, workflowId, runId, url }, (color) => renderPublished(outcome, url, color));
    if (outcome.outcome === 'cancelled') return wanted === 'cancelled' ? EXIT.done : EXIT.rolledBack;
    return outcome.proven ? EXIT.done : EXIT.checkFailed;
  }
  context.out.result(
    { outcome: 'running', workflowId, runId, url },
    () => 'Let go; the change goes on by itself. Watch it with `hfv watch`.',
  );
  return EXIT.detached;
}

function notApproved(versionId: string | null): HybridFlowError {
  return new HybridFlowError('NOT_STAGING', {
    found: `${versionId ?? 'the version'} is validated and waits for approval`,
    expected: 'an approval',
    next: 'look at it with `hfv compare production staging`, then `hfv approve` or `hfv cancel`',
  });
}
