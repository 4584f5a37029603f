import { failedCritical } from '../../../domain/checks';
import type { ReadyAnswer, StagingVerdict } from '../../../domain/staging';
import { isCancellation, messageOf } from '../../parts/failures';
import type { PublishRun } from '../../parts/publish-run';

/**
 * Waits until staging is declared ready, and validates it. What fails is told and staging stays open: an ingestion's
 * work is not thrown away for one chunk that is missing.
 */
export async function untilValid(run: PublishRun): Promise<void> {
  const { desk, progress, warnings } = run;
  for (;;) {
    progress.enter('staging');
    await progress.step('wait for the ingestion', () => desk.untilReady());
    progress.enter('validation');
    const answer = await validate(run);
    run.record.answer = answer;
    run.record.verdict = answer.verdict;
    desk.tell(answer);
    if (answer.accepted) break;
    warnings.push(`staging was declared ready and refused: ${answer.failed.join('; ')}`);
  }
  await settle(run);
}

async function validate(run: PublishRun): Promise<ReadyAnswer> {
  const { steps, versionId, settings } = run;
  const { minimumOverlap, requireApproval } = settings.staging;
  const refused = (failed: string[], verdict: StagingVerdict | null): ReadyAnswer => {
    return { accepted: false, failed, verdict, awaitsApproval: false };
  };
  try {
    const verdict = await run.step(
      'validate staging',
      () => steps.longFiles.checkStaging({ versionId, minimumOverlap }),
      ({ counts, checks }) => ({ counts, checks: checks.map(({ name, passed }) => ({ name, passed })) }),
    );
    const failed = failedCritical(verdict.checks);
    if (failed.length > 0) return refused(failed, verdict);
    return { accepted: true, failed: [], verdict, awaitsApproval: requireApproval };
  } catch (error) {
    // Whatever it is, it is not worth the work that was staged: it is told, and can be tried again.
    if (isCancellation(error)) throw error;
    return refused([messageOf(error)], null);
  }
}

async function settle(run: PublishRun): Promise<void> {
  const { steps, versionId, record, warnings } = run;
  const { counts, checks } = record.verdict ?? { counts: { chapters: 0, paragraphs: 0 }, checks: [] };
  warnings.push(
    ...checks
      .filter(({ passed }) => !passed)
      .map(({ number, name, actual }) => `check ${number ?? ''} (${name}): ${actual}`),
  );
  const { chapters, paragraphs } = counts;
  await steps.files.recordValidation(versionId, { chapters, paragraphs, passed: true });
  await steps.files.moveVersion(versionId, 'validating', null);
  await run.flushOperations();
}

/** Waits for a person's approval, where one is asked for. */
export async function untilApproved(run: PublishRun): Promise<void> {
  const { desk, progress, settings } = run;
  if (!settings.staging.requireApproval) return;
  progress.enter('approval');
  await run.step(
    'wait for approval',
    () => desk.untilApproved(),
    (by) => ({ by }),
  );
}
