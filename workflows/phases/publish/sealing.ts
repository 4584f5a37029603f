import type { TakenArtifact } from '../../../activities';
import { mayRestoreFrom, type ConsistencyStatement } from '../../../domain/consistency';
import { comparisonText } from '../../../domain/fingerprint';
import { STORE_NAMES } from '../../../domain/names';
import { captureProduction, sealCaptured } from '../../parts/capture-production';
import { stateOfPromoted } from '../../parts/consistency';
import { labelParagraphs, type LabelRun } from '../label-paragraphs';

const COMPARE = 'compare with what was staged';

/** A version that has been committed and is to be driven to its end, by its own run or by the one that finds it dead. */
export interface Committed extends LabelRun {
  versionId: string;
  /** Of the run that committed it: folders, fence and journal are its. */
  runId: string;
  workflowId: string;
  settings: { base: string; batchSize: number; batchesPerSpan: number; deep?: boolean };
  step: <T>(name: string, work: () => Promise<T>, details?: (result: T) => Record<string, unknown>) => Promise<T>;
  warnings: string[];
}

export interface Sealed {
  taken: readonly TakenArtifact[];
  consistency: ConsistencyStatement | null;
  /** Whether what was captured is what was staged, by fingerprint. */
  proven: boolean;
}

/**
 * What follows the commit point of a promote, each part of it safe to repeat: staging goes, the version's label comes,
 * its artifacts are captured and held against what was staged, latest-copy becomes it, the journal is closed.
 */
export async function driveForward(run: Committed): Promise<Sealed> {
  const { steps, versionId, runId } = run;
  await run.step('clear staging', () => clearStaging(run));
  await run.step('label the paragraphs', () => labelAll(run));
  const sealed = await sealVersion(run);
  await steps.files.releaseWriteFence(runId);
  await run.step('replace latest-copy', () => steps.longFiles.keepAsLatestCopy(versionId, runId));
  await run.step('remove the collection that was replaced', () => steps.files.retirePrevious(runId));
  await run.step('close the journal', () => steps.files.closeSwitch(runId, 'done'));
  await steps.stores.revokeFence(run.token);
  return sealed;
}

async function clearStaging({ steps, settings }: Committed): Promise<void> {
  await steps.files.dropStagingTable();
  await steps.longFiles.dropStagingCollection();
  await steps.longStores.removeStagingNodes(settings.batchSize);
}

async function labelAll(run: Committed): Promise<void> {
  const { steps, token, label, settings } = run;
  await steps.stores.acquireFence(token, label);
  const { labels } = await steps.longStores.countStores(label);
  if (labels.unlabelled > 0) await labelParagraphs(run, labels.paragraphs, settings.batchSize);
}

async function sealVersion(run: Committed): Promise<Sealed> {
  const { steps, versionId, warnings } = run;
  const sealed = (await steps.files.isSealed(versionId))
    ? { taken: [], consistency: null, compared: await run.step(COMPARE, () => steps.longFiles.provePromote(versionId)) }
    : await captureAndSeal(run);
  await steps.files.recordSealed(versionId);
  const { taken, consistency, compared } = sealed;
  const differing = compared.filter(({ same }) => !same);
  warnings.push(...differing.map((one) => `${one.store} is not what was staged: ${comparisonText(one)}`));
  if (consistency && !mayRestoreFrom(consistency)) {
    warnings.push(`the artifacts are not one moment: ${consistency.text}`);
  }
  // A store of which nothing was foretold proves nothing.
  return { taken, consistency, proven: differing.length === 0 && compared.length === STORE_NAMES.length };
}

/** What is found is written into the manifest before it is sealed: afterwards nobody could. */
async function captureAndSeal(run: Committed) {
  const { steps, versionId, runId, workflowId, label, settings } = run;
  const owner = `publishVersion ${versionId}`;
  const capturing = { folder: versionId, versionId, runId, workflowId, label, settings, owner };
  const captured = await run.step('capture the version', () => captureProduction(steps, capturing));
  const compared = await run.step(COMPARE, () => steps.longFiles.provePromote(versionId, captured.manifest));
  const consistency = stateOfPromoted({ ...captured, compared });
  await run.step('seal the version', () => sealCaptured(steps, versionId, captured.manifest, consistency));
  return { taken: captured.taken, consistency, compared };
}
