import type { BaselineOutcome, RegisterBaselineInput } from '../domain/baseline';
import { startOrAttach, viewOf, type Change, type ChangeOutcome, type ChangeView } from './changes';
import type { Context } from './context';
import { endingOf } from './ending';
import { interruptible } from './person';
import { displayFor } from './render/display';
import type { Session } from './temporal';
import { waitTimedOut, watch } from './watch';

export interface MigrateRequest {
  input: RegisterBaselineInput;
  detach?: boolean;
  timeoutSeconds?: number;
}

/** How a change ended as far as the caller stayed to see it. */
export type Followed<T> =
  | { kind: 'ended'; outcome: T; change: ChangeView; attached: boolean }
  | { kind: 'detached'; change: ChangeView; attached: boolean; interrupted: boolean };

export type MigrateResult = Followed<BaselineOutcome>;

/**
 * Starts the migration or attaches to the running one, and shows it to its end.
 *
 * @throws HybridFlowError with the run's own code where it did not end well, WAIT_TIMED_OUT, BASE_BUSY
 */
export async function migrate(context: Context, session: Session, request: MigrateRequest): Promise<MigrateResult> {
  const { out } = context;
  const { base } = context.settings();
  const { change, attached } = await startOrAttach(session, base, request.input);
  out.note(attached ? `attached to the running migration of ${base}` : `started the migration of ${base}`);
  if (change.url) out.note(`Temporal: ${change.url}`);
  if (request.detach) return { kind: 'detached', change: viewOf(change), attached, interrupted: false };
  return follow(context, session, change, { attached, timeoutSeconds: request.timeoutSeconds });
}

export interface FollowOptions {
  attached: boolean;
  timeoutSeconds?: number;
  /** Between two looks at the run. */
  intervalSeconds?: number;
}

/**
 * Shows a change to its end, or until the caller lets go; one that has ended already is told at once.
 *
 * @throws HybridFlowError with the run's own code where it did not end well, WAIT_TIMED_OUT
 */
export async function follow<T extends ChangeOutcome = BaselineOutcome>(
  context: Context,
  session: Session,
  change: Change,
  { attached, timeoutSeconds, intervalSeconds }: FollowOptions,
): Promise<Followed<T>> {
  return interruptible(async (interrupted) => {
    const display = displayFor(context.out);
    const end = await watch<T>(session, change, display, { timeoutSeconds, intervalSeconds, interrupted });
    if (end.kind === 'failed') throw endingOf(end.error, await closed(session, change));
    if (end.kind === 'completed') {
      warnOfOtherBase(context, end.outcome);
      return { kind: 'ended', outcome: end.outcome, change: viewOf(change), attached };
    }
    if (end.why === 'timed out') throw waitTimedOut(change, timeoutSeconds ?? 0);
    return { kind: 'detached', change: viewOf(change), attached, interrupted: true };
  });
}

/** The change as it stands after its end: how it ended is in its status. */
async function closed({ client }: Session, change: Change): Promise<ChangeView> {
  const { status } = await client.workflow.getHandle(change.workflowId, change.runId).describe();
  return { ...viewOf(change), status: status.name };
}

function warnOfOtherBase(context: Context, outcome: ChangeOutcome): void {
  const { base } = context.settings();
  if (outcome.base === base) return;
  context.out.warn(
    `the worker that did this serves the base ${outcome.base}, while ${base} was asked for: compare HYBRIDFLOW_BASE on both sides`,
  );
}
