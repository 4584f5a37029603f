import { CancellationScope } from '@temporalio/workflow';
import { comparisonText } from '../../../domain/fingerprint';
import type { PublishRun } from '../../parts/publish-run';
import { STORE_NAMES } from '../../../domain/names';
import { chaptersOf } from '../../../domain/staging';
import { LATEST_COPY } from '../../../domain/version-id';
import { businessFailure, isCancellation, messageOf, triggerFailure } from '../../parts/failures';
import { fenceOf } from '../../parts/keep-fence';
import type { Abortable } from '../../parts/run';

/**
 * Looks once more, behind the write fence, whether staging and production are what was validated. Where they are not,
 * nothing is switched: the fences are let go of, and what was found is answered, so that staging can be mended.
 */
export async function refusalToPromote(run: PublishRun, letFenceLapse: () => void): Promise<string | null> {
  const { steps, undo, runId, token } = run;
  try {
    await assertUnchanged(run);
    return null;
  } catch (error) {
    if (isCancellation(error)) throw error;
    letFenceLapse();
    await undo.stores.revokeFence(token);
    await steps.files.releaseWriteFence(runId);
    return messageOf(error);
  }
}

async function assertUnchanged(run: PublishRun): Promise<void> {
  const { steps, record, token, label } = run;
  await run.step('hold the write fence', () => steps.files.holdWriteFence(fenceOf(run)));
  const { expected, marks } = record.verdict ?? {};
  // Before the fence, which is a write itself. What says that it was not written to is what was read and validated.
  const written = await run.step(
    'ask the stores what was written since',
    () => steps.files.writtenSince(marks),
    (done) => ({ ...done }),
  );
  await run.step('set the fence', () => steps.stores.acquireFence(token, label));
  await run.step('compare staging and production with what was validated', async () => {
    const [changed, drift, copy] = await Promise.all([
      expected ? steps.longFiles.stagingChanged(expected, written.staging) : [...STORE_NAMES],
      steps.longFiles.driftOfProduction(written.production),
      steps.longFiles.verifyCopy(LATEST_COPY),
    ]);
    if (changed.length > 0) {
      throw businessFailure('CHECK_FAILED', {
        found: `staging was written to after it had been validated: ${changed.join(', ')}`,
        expected: 'staging as it was when it was declared ready',
        next: 'declare it ready again when the ingestion has ended',
      });
    }
    if (drift.length > 0) {
      throw businessFailure('CHECK_FAILED', {
        found: `production changed while the version was staged: ${drift.map((d) => `${d.store}: ${comparisonText(d)}`).join('; ')}`,
        expected: 'production as the last commit left it',
        next: 'see what was written with `hfv compare latest-copy production`',
        details: { drift },
      });
    }
    if (!copy.intact) {
      throw businessFailure('ARTIFACT_DAMAGED', {
        found: `latest-copy is damaged: ${copy.problems.join(', ')}`,
        expected: 'a copy that a failed promote can be taken back to',
        next: 'see what can be restored with `hfv doctor`',
      });
    }
  });
}

/**
 * The switch of the three stores. The journal's entry comes first and the commit point last; in between every store
 * can be taken back. Nothing waits between the first store and the last but their own work.
 */
export async function promote(run: PublishRun, abortable: Abortable, onBegin: () => void): Promise<void> {
  const { steps, record, versionId, runId, token, terms } = run;
  const { delta } = record.verdict ?? {};
  const removed = delta?.sqlite.removed ?? [];
  const inQdrant = delta ? [...delta.qdrant.added, ...delta.qdrant.changed, ...delta.qdrant.removed] : [];
  const collection = record.collection ?? '';
  await run.flushOperations();
  onBegin();
  await run.step('open the journal', () =>
    steps.files.beginSwitch({
      kind: 'promote',
      versionId,
      stores: [...STORE_NAMES],
      details: { from: terms.from, collection, chapters: delta ? chaptersOf(delta, 'changed').length : 0 },
    }),
  );
  const began = Date.now();
  const neo4j = await run.step(
    'switch Neo4j',
    () => steps.longFiles.switchGraph(token, removed),
    (done) => ({ ...done }),
  );
  const qdrant = await run.step(
    'switch Qdrant',
    () => steps.longFiles.switchVectors(runId, collection, inQdrant),
    (done) => ({ ...done }),
  );
  await run.step('count what was switched', () => assertCounts(run));
  await commit(run, abortable);
  const { mode, ...points } = qdrant;
  record.promote = { disagreedMs: Date.now() - began, mode, neo4j: { ...neo4j }, qdrant: points };
}

/** The last look before the commit point: quick, and enough to see a switch that did half of its work. */
async function assertCounts({ steps, record, label }: PublishRun): Promise<void> {
  const { points, labels } = await steps.longStores.countStores(label);
  const expected = record.verdict?.counts;
  if (points === expected?.points && labels.paragraphs === expected.paragraphs) return;
  throw triggerFailure(6, 'CHECK_FAILED', {
    found: `after the switch there are ${points} points and ${labels.paragraphs} paragraphs`,
    expected: `${expected?.points} points and ${expected?.paragraphs} paragraphs, as validated`,
    next: 'find out who else writes to the stores; the promote has been taken back',
  });
}

async function commit(run: PublishRun, abortable: Abortable): Promise<void> {
  const { steps, input, record } = run;
  abortable.pointOfNoReturn();
  const at = new Date().toISOString();
  const operation = {
    type: 'promote',
    status: 'success' as const,
    details: { delta: record.verdict?.delta, approvedBy: run.desk.view.approvedBy },
    startedAt: at,
    completedAt: at,
  };
  await CancellationScope.nonCancellable(() =>
    run.progress.step('commit', async () => {
      const expected = { staging: record.verdict?.expected.sqlite, production: record.verdict?.production };
      const { row } = await steps.files.commitPromote(input.startedBy ?? 'publishVersion', operation, expected);
      record.committedAt = row.updatedAt;
    }),
  );
}
