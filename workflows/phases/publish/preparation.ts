import { comparisonText, type FingerprintComparison } from '../../../domain/fingerprint';
import { STORE_NAMES } from '../../../domain/names';
import { LATEST_COPY } from '../../../domain/version-id';
import { preflightSteps } from '../../parts/activities';
import { claimBase } from '../../parts/claim-base';
import { businessFailure } from '../../parts/failures';
import type { PublishRun } from '../../parts/publish-run';
import { allOrCancel } from '../../parts/run';

/**
 * Claims the base and looks whether a version may be staged at all: nothing is modified. Production must be what
 * latest-copy holds, because that is what a promote that fails is taken back to.
 */
export async function preflight(run: PublishRun): Promise<void> {
  const { progress, versionId, claim, terms } = run;
  const { files, longFiles } = preflightSteps(run.input.maxAttempts);
  await progress.step('claim the base', () => claimBase(run, preflightSteps(run.input.maxAttempts)));
  const { tablesBefore, versionInUse } = await progress.step('inspect metadata.db', () =>
    files.inspectFiles(versionId),
  );
  if (versionInUse) throw inUse(versionId);
  await progress.step('measure the disk', () => files.assertRoom());
  // latest-copy is what a promote that fails is taken back to, whatever staging begins with.
  for (const folder of new Set([LATEST_COPY, ...(terms.source.folder === null ? [] : [terms.source.folder])])) {
    await progress.step(`verify ${folder}`, async () => {
      const { intact, problems } = await longFiles.verifyCopy(folder);
      if (!intact) throw damaged(folder, problems);
    });
  }
  await progress.step('compare production with latest-copy', async () => {
    const drift = await longFiles.driftOfProduction([...STORE_NAMES]);
    if (drift.length > 0) throw drifted(drift);
  });
  // From here on there may be something to undo, and a claim that says so.
  await files.amendClaim({ ...claim, tablesBefore });
}

/** The version's row, and the three places that an ingestion writes to. */
export async function preparation(run: PublishRun): Promise<void> {
  const { steps, versionId, terms, input } = run;
  const { folder } = terms.source;
  await run.step('create missing versioning tables', () => steps.files.createVersioningTables());
  await run.step('open the version', () =>
    steps.files.openVersion({ versionId, chapterCount: 0, paragraphCount: 0, notes: input.notes }),
  );
  const [, collection, graph] = await allOrCancel([
    () => run.step('staging of SQLite', () => steps.files.prepareStagingTable(folder), told),
    () => run.step('staging of Qdrant', () => steps.longFiles.prepareStagingCollection(folder, versionId), told),
    () => run.step('staging of Neo4j', () => steps.longFiles.prepareStagedGraph(folder), told),
  ] as const);
  run.record.collection = collection.collection;
  if (graph.beyond) {
    run.warnings.push(`what belongs to no chapter in Neo4j is not that of ${folder}, and a promote leaves it as it is`);
  }
  await steps.files.moveVersion(versionId, 'staging', null);
  await run.flushOperations();
}

function told(facts: object): Record<string, unknown> {
  return { ...facts };
}

function inUse(versionId: string): Error {
  return businessFailure('VERSION_IN_USE', {
    found: `a row or a folder of ${versionId} is there already`,
    expected: 'neither',
    next: 'start again: the next id is another one',
  });
}

function damaged(folder: string, problems: readonly string[]): Error {
  return businessFailure('ARTIFACT_DAMAGED', {
    found: `${folder} is damaged: ${problems.join(', ')}`,
    expected: 'artifacts with the checksums of their manifest',
    next: 'begin with another version; `hfv doctor` tells the last good one',
  });
}

function drifted(drift: readonly FingerprintComparison[]): Error {
  return businessFailure('CHECK_FAILED', {
    found: `production is not what the last commit left: ${drift.map((one) => `${one.store}: ${comparisonText(one)}`).join('; ')}`,
    expected: 'the fingerprints of latest-copy, so that a promote can be taken back',
    next: 'see what was written with `hfv compare latest-copy production`, and put it back with `hfv restore latest-copy`',
    details: { drift },
  });
}
