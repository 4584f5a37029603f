import { DRILL_OPERATION } from '../domain/drill';
import { HybridFlowError } from '../domain/errors';
import type { Manifest } from '../domain/manifest';
import type { OperationRow, VersionRow } from '../domain/registry';
import type { Pin, SwitchEntry } from '../domain/switch-journal';
import { LATEST_COPY } from '../domain/version-id';
import { lastOperation, VERIFY_OPERATION, type LastDone } from '../domain/version-stats';
import type { ArtifactStore, MetadataStore } from '../stores/ports';

/** A version as the tables show it: its row, and what was done with it since. Field names are part of the contract. */
export interface VersionView extends VersionRow {
  /** It is what production is. */
  current: boolean;
  /** As SQLite prints it, UTC; null where it never was. */
  committedAt: string | null;
  /** Of its three artifacts, as the manifest states them; null without one. */
  bytes: number | null;
  pin: Pin | null;
  lastVerified: LastDone | null;
  lastDrill: LastDone | null;
}

/** What the views are made of: metadata.db and the backups folder; no service is asked. */
export interface ViewSources {
  metadata: Pick<MetadataStore, 'registry' | 'journal' | 'pins'>;
  artifacts: Pick<ArtifactStore, 'readManifest'>;
}

/** Names that stand for a version; a version's own id stands for itself. */
export const CURRENT_ALIAS = 'current';
const BASELINE_ALIAS = 'baseline';

/** Every version in the registry, oldest first. */
export async function listVersions({ metadata, artifacts }: ViewSources): Promise<VersionView[]> {
  const current = metadata.journal.current()?.versionId;
  const pins = metadata.pins.list();
  const switches = metadata.journal.list();
  const views: VersionView[] = [];
  for (const row of metadata.registry.list()) {
    const { versionId } = row;
    const operations = metadata.registry.operations(versionId);
    views.push({
      ...row,
      current: versionId === current,
      committedAt: committedAt(row, operations, switches),
      bytes: bytesOf(await manifestOf(artifacts, versionId)),
      pin: pins.find((pin) => pin.versionId === versionId) ?? null,
      lastVerified: lastOperation(operations, VERIFY_OPERATION),
      lastDrill: lastOperation(operations, DRILL_OPERATION),
    });
  }
  return views;
}

/** Bytes of the three artifacts together; null without a manifest. */
export function bytesOf(manifest: Manifest | null): number | null {
  return manifest?.artifacts.reduce((sum, { bytes }) => sum + bytes, 0) ?? null;
}

/** Null where it has none, or one that cannot be read: `hfv verify` says what is wrong with it. */
export async function manifestOf(artifacts: ViewSources['artifacts'], folder: string): Promise<Manifest | null> {
  try {
    return (await artifacts.readManifest(folder)) ?? null;
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return null;
    throw error;
  }
}

/** By the journal, or by the operation that committed it; an archived version's own row tells only when it was archived. */
export function committedAt(
  { versionId, status, updatedAt }: VersionRow,
  operations: readonly OperationRow[],
  switches: readonly SwitchEntry[],
): string | null {
  const promoted = switches.find((one) => one.versionId === versionId && one.kind === 'promote' && one.committedAt);
  if (promoted?.committedAt) return promoted.committedAt.slice(0, 19).replace('T', ' ');
  const operation = operations.find(
    ({ operationType, status: ended }) => operationType === 'commit' && ended === 'success',
  );
  return operation?.completedAt ?? (status === 'committed' ? updatedAt : null);
}

/**
 * The version that a name means: `current`, `baseline`, or an id.
 *
 * @throws HybridFlowError VERSION_UNKNOWN
 */
export function requireVersion(metadata: ViewSources['metadata'], name: string): VersionRow {
  const { registry, journal } = metadata;
  const versionId =
    name === CURRENT_ALIAS
      ? journal.current()?.versionId
      : name === BASELINE_ALIAS
        ? registry.committedBaseline()?.versionId
        : name;
  const row = versionId === undefined ? undefined : registry.find(versionId);
  if (row) return row;
  const known = registry.list().map((one) => one.versionId);
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `${name} is not in the registry`,
    expected:
      known.length > 0
        ? `one of ${[...known.slice(-5), CURRENT_ALIAS, BASELINE_ALIAS, LATEST_COPY].join(', ')}`
        : 'a registered version; there is none yet',
    next: 'list the versions with `hfv versions`',
  });
}
