import { mayRestoreFrom } from '../../../domain/consistency';
import { LATEST_COPY_FOLDERS } from '../../../domain/names';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { versionLabel } from '../../../domain/version-id';
import type { Steps } from '../../parts/activities';
import { captureProduction, sealCaptured } from '../../parts/capture-production';
import { stateOfPromoted } from '../../parts/consistency';

/**
 * Makes production, as it stands, latest-copy: after what was saved before an earlier restore was put back, production is
 * no version that a folder holds. Repeating it captures anew what was not published yet. Answers the copy's path, and
 * what is to be known of it.
 */
export async function keepProductionAsLatestCopy(
  steps: Steps,
  { runId, workflowId, versionId }: SwitchEntry,
  base: string,
): Promise<{ path: string; warning: string | null }> {
  const { files, longFiles } = steps;
  const folder = LATEST_COPY_FOLDERS.building(runId);
  // Of an attempt that was broken off: it may be sealed, and of another moment.
  await longFiles.removeFolder(folder, runId);
  const owner = `restoreVersion ${versionId}`;
  const label = versionLabel(versionId);
  const capturing = { folder, versionId, runId, workflowId, label, settings: { base }, owner };
  const captured = await captureProduction(steps, capturing);
  const consistency = stateOfPromoted({ ...captured, compared: [] });
  await sealCaptured(steps, folder, captured.manifest, consistency);
  const path = await files.publishLatestCopy(runId);
  await files.settleLatestCopy(runId, 'new');
  // Where a dead run had published its own already, that one stays, and this one is one too many.
  await longFiles.removeFolder(folder, runId);
  return { path, warning: mayRestoreFrom(consistency) ? null : `latest-copy is not one moment: ${consistency.text}` };
}
