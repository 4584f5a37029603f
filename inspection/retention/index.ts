import type { RetentionSettings } from '../../domain/baseline';
import type { VersionRow } from '../../domain/registry';
import { isVersionId } from '../../domain/version-id';
import { planWindow, type WindowPlan, type WindowVersion } from '../../domain/window';
import type { CallControl, Stores, StoredVersion } from '../../stores/ports';
import { verifyFiles } from '../verify/files';
import { findHolds } from './held';

export { findHold, findHolds, type Holds } from './held';

export interface WindowDeps extends Pick<Stores, 'metadata' | 'artifacts'> {
  retention: RetentionSettings;
}

/**
 * Which versions stay, which go to the archive and which leave it, as everything stands now. Reads only. Bytes are
 * verified from the newest version on until one is proven sound: no further, since that one stays whatever happens, and
 * any other is verified when it is archived.
 *
 * @throws HybridFlowError BASE_BUSY where a claim is there that cannot be read
 */
export async function lookAtWindow(
  { metadata, artifacts, retention }: WindowDeps,
  { emergency = false, now = new Date() }: { emergency?: boolean; now?: Date } = {},
  control: CallControl = {},
): Promise<WindowPlan> {
  const rows = metadata.registry.list().filter(({ versionId }) => isVersionId(versionId));
  const stored = await artifacts.listVersions();
  const versions = rows.map((row) => describe(row, stored));
  for (const version of versions.toReversed()) {
    if (version.status !== 'committed' || version.files === null) continue;
    control.signal?.throwIfAborted();
    version.intact = (await verifyFiles(artifacts, version.versionId)).problems.length === 0;
    if (version.intact) break;
  }
  return planWindow({ versions, ...(await findHolds({ metadata, artifacts })), now, settings: retention, emergency });
}

function describe({ versionId, status, updatedAt }: VersionRow, stored: readonly StoredVersion[]): WindowVersion {
  const filesIn = (place: StoredVersion['place']) =>
    stored.find((one) => one.versionId === versionId && one.place === place)?.files ?? null;
  return { versionId, status, updatedAt, files: filesIn('beside'), archived: filesIn('archive'), intact: null };
}
