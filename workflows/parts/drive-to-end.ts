import type { Claim } from '../../domain/claim';
import { comparisonText, inBrief } from '../../domain/fingerprint';
import { STORE_NAMES } from '../../domain/names';
import { disagreedAtMost, type SwitchEntry } from '../../domain/switch-journal';
import { driveForward } from '../phases/publish/sealing';
import { driveRestoreForward } from '../phases/restore/forward';
import { undoSteps, type Steps } from './activities';
import { holdProductionAgainst, type Driven } from './driven';
import { startHealthCheck } from './start-health-check';
import { sweepSnapshots } from './sweep-snapshots';

const NEVER_PAUSED = {
  pauseRequested: false,
  holdUntilResumed: () => Promise.resolve(),
  startWriting: () => undefined,
};

const BATCHES_PER_SPAN = 10;

/** What whoever asks for the drive knows of the base. */
export interface DriveSettings {
  batchSize: number;
  healthDelaySeconds: number;
}

/**
 * A dead run's switch had passed its commit point: what was still to be done after it is done here, but for the window,
 * which is for whoever asked. What it says to be proven it has itself held against the version.
 */
export async function driveToEnd(holder: Claim, entry: SwitchEntry, settings: DriveSettings): Promise<Driven> {
  const steps = undoSteps();
  const { base, runId } = holder;
  // First, while the claim still names those that the dead run took: what is captured below is this run's own.
  await sweepSnapshots(steps, [], { runId, justNow: false });
  const driven =
    entry.kind === 'restore' ? await driveRestore(steps, entry) : await drivePublish(steps, holder, entry, settings);
  await steps.files.releaseWriteFence(runId);
  if (driven.kind === 'publish') await planHealthCheck(base, driven.versionId, settings);
  await steps.files.releaseClaim(runId);
  return driven;
}

/** A check that cannot be planned keeps nothing from its end: production's health is looked at on a schedule, too. */
export async function planHealthCheck(base: string, versionId: string, settings: DriveSettings): Promise<void> {
  await startHealthCheck(base, versionId, settings.healthDelaySeconds).catch(() => undefined);
}

async function driveRestore(steps: Steps, entry: SwitchEntry): Promise<Driven> {
  const { versionId, comparisons, proven, warnings } = await driveRestoreForward(steps, entry);
  const disagreedAtMostMs = disagreedAtMost(entry);
  return { versionId, kind: 'restore', proof: comparisons, proven, disagreedAtMostMs, warnings };
}

async function drivePublish(
  steps: Steps,
  holder: Claim,
  entry: SwitchEntry,
  { batchSize }: DriveSettings,
): Promise<Driven> {
  const { base, runId, workflowId, versionId, label } = holder;
  const startedAt = new Date().toISOString();
  const warnings: string[] = [];
  const sealed = await driveForward({
    ...{ steps, versionId, runId, workflowId, label, token: runId },
    settings: { base, batchSize, batchesPerSpan: BATCHES_PER_SPAN },
    gate: NEVER_PAUSED,
    progress: { labels: () => undefined },
    step: (_, work) => work(),
    warnings,
  });
  // The dead run may have captured it: what production is now, nobody has looked at since.
  const proof = await holdProductionAgainst(versionId, STORE_NAMES, warnings);
  const differing = proof.filter(({ same }) => !same);
  warnings.push(...differing.map((one) => `${one.store} is not the version's any more: ${comparisonText(one)}`));
  const proven = sealed.proven && proof.length === STORE_NAMES.length && proof.every(({ same }) => same);
  const disagreedAtMostMs = disagreedAtMost(entry);
  const note = 'driven to its end after its run had died';
  const details = { proven, fingerprints: inBrief(proof), disagreedAtMostMs, warnings, note };
  const completedAt = new Date().toISOString();
  await steps.files.logOperations(versionId, [
    { type: 'driven_forward', status: proven ? 'success' : 'failed', details, startedAt, completedAt },
  ]);
  return { versionId, kind: 'publish', proof, proven, disagreedAtMostMs, warnings };
}
