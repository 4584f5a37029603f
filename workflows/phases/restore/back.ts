import { CancellationScope, type ApplicationFailure } from '@temporalio/workflow';
import type { CompensationResult } from '../../../domain/baseline';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { tellingSteps } from '../../parts/activities';
import { businessFailure, messageOf } from '../../parts/failures';
import { CONTINUE } from '../../parts/names';
import { noteNoRow, noteNoStaging, noteNotCompared } from '../../parts/rollback-log';
import { leftBy, logPostMortem, rollbackRecord, validateAgain } from '../../parts/rollback-record';
import { unfinishedOutcome } from './outcome';
import type { RestoreRun } from './restore-run';

export type TakenBack = { state: 'committed'; entry: SwitchEntry } | { state: 'ended'; failure: ApplicationFailure };

export interface BackCause {
  /** In words; also what was said with an abort. */
  reason: string;
  /** Whether production had begun to change. */
  switched: boolean;
  commitTried: boolean;
}

/**
 * Undoes everything last-in first-out: the stores that were switched are proven to be what they were before, then the journal says `undone`, and the
 * claim goes. Where the journal turns out to say `committed` (the answer of the commit was lost), nothing is undone.
 */
export async function takeRestoreBack(run: RestoreRun, cause: BackCause): Promise<TakenBack> {
  return CancellationScope.nonCancellable(async () => {
    const { progress, rollbackLog: log, versionId } = run;
    const { reason, switched, commitTried } = cause;
    const entry = commitTried ? await journalOf(run) : null;
    if (entry && entry !== 'unknown' && (entry.state === 'committed' || entry.state === 'done')) {
      return { state: 'committed', entry };
    }
    progress.rollingBack(reason);
    log.note(1, 'done', `restore of ${versionId}: ${reason}`);
    noteNoRow(log, 'restore');
    noteNoStaging(log, 'restore');
    const results = entry === 'unknown' ? [undecided()] : await run.saga.compensate((one) => progress.compensated(one));
    const clean = results.every(({ state }) => state !== 'failed');
    noteNotCompared(log, 'no store had been switched');
    const checks = clean && switched ? await validateAgain(log) : [];
    const left = leftBy(results);
    if (!clean) log.note(8, 'failed', left.join('; '));
    else if (!switched) log.note(8, 'done', 'nothing was changed');
    const known = { versionId, trigger: null, reason, checks, left };
    run.rollback = rollbackRecord(known, log, run.proof, { proofNeeded: switched });
    const startedAt = progress.view.rollingBackSince ?? new Date().toISOString();
    if (switched) await logPostMortem(run.runId, startedAt, run.rollback);
    progress.ended(clean ? 'rolled_back' : 'needs_operator');
    return { state: 'ended', failure: await told(run, { clean, reason, results }) };
  });
}

async function journalOf({ undo, runId }: RestoreRun): Promise<SwitchEntry | null | 'unknown'> {
  try {
    return await undo.files.findSwitch(runId);
  } catch {
    return 'unknown';
  }
}

function undecided(): CompensationResult {
  const error = 'metadata.db does not answer, so it is unknown whether the restore is committed';
  return { name: 'everything', state: 'failed', error };
}

interface End {
  clean: boolean;
  reason: string;
  results: CompensationResult[];
}

/** The failure that the run ends with; operation_log and a report tell of it where production had begun to change. */
async function told(run: RestoreRun, { clean, reason, results }: End): Promise<ApplicationFailure> {
  const outcome = run.planned && unfinishedOutcome(run, clean ? 'rolled_back' : 'needs_operator', reason, results);
  if (outcome) {
    outcome.reportPath = await tell(run, reason, () => tellingSteps().files.reportRestore(run.runId, outcome));
  }
  const left = run.rollback?.left ?? [];
  if (clean) {
    return businessFailure(
      'ROLLED_BACK',
      {
        found: `The restore failed and was taken back; production is what it was before. Reason: ${reason}`,
        expected: 'a restored version',
        next: `mend the cause and restore again${run.rescue ? `; what was there before is in ${run.rescue}` : ''}`,
      },
      outcome,
    );
  }
  return businessFailure(
    'NEEDS_OPERATOR',
    {
      found: `The restore failed (${reason}) and could not be taken back entirely. Still there: ${left.join('; ')}`,
      expected: 'every compensation done',
      next: `mend the cause named above, then run \`${CONTINUE}\``,
    },
    outcome,
  );
}

async function tell(run: RestoreRun, reason: string, report: () => Promise<string>): Promise<string | null> {
  try {
    const { source, stores } = run.plan;
    const at = new Date().toISOString();
    const { startedBy = null, reason: why = null } = run.input;
    const details = { from: source.versionId, asked: source.asked, stores, by: startedBy, reason: why, error: reason };
    const operation = { type: 'restore', status: 'failed' as const, details, startedAt: at, completedAt: at };
    await tellingSteps().files.logRestore(source.versionId, operation);
    return await report();
  } catch (error) {
    run.warnings.push(`the end could not be told: ${messageOf(error)}`);
    return null;
  }
}
