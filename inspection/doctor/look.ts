import type { RetentionSettings } from '../../domain/baseline';
import type { Claim } from '../../domain/claim';
import type { VersionRow } from '../../domain/registry';
import type { Pin, SwitchEntry } from '../../domain/switch-journal';
import { isVersionId, LATEST_COPY } from '../../domain/version-id';
import type { WriteFence } from '../../domain/write-fence';
import type { Stores } from '../../stores/ports';
import { findLeftovers, type LeftoversFound } from '../leftovers';
import type { IsOpen } from '../holders';
import { lookAtFolder, type FolderState } from './artifacts';
import { read, type Patience, type Read } from './readings';

/** metadata.db as one look tells it. */
export interface MetadataSeen {
  rows: VersionRow[];
  journal: SwitchEntry[];
  current: { versionId: string; since: string } | null;
  pins: Pin[];
  fence: WriteFence | null;
  chapters: number;
}

/** Everything that was looked at, each with what came of it. */
export interface Seen {
  metadata: Read<MetadataSeen>;
  points: Read<number>;
  paragraphs: Read<number>;
  claim: Read<Claim | null>;
  freeBytes: Read<number>;
  latestCopy: Read<FolderState>;
  /** By version id: every version that should have artifacts, oldest first. */
  folders: Map<string, Read<FolderState>>;
  leftovers: Read<LeftoversFound>;
}

export interface LookOptions {
  patience: Patience;
  /** For what reads whole files. */
  longer: Patience;
  deep: boolean;
  retention: RetentionSettings;
  isOpen: IsOpen;
}

/** Looks at everything side by side; whatever does not answer is noted. Nothing is written, and no lock is taken. */
export async function look(stores: Stores, options: LookOptions): Promise<Seen> {
  const { patience, longer, deep, retention, isOpen } = options;
  const { vectors, graph, artifacts } = stores;
  const folder = (name: string) => read(longer, (signal) => lookAtFolder(artifacts, name, { deep, signal }));
  const metadata = read(patience, () => lookAtMetadata(stores));
  const [points, paragraphs, claim, freeBytes, latestCopy, leftovers] = await Promise.all([
    read(patience, async () => (await vectors.status()).points),
    read(patience, () => graph.paragraphs()),
    read(patience, async () => (await artifacts.readClaim()) ?? null),
    read(patience, () => artifacts.freeBytes()),
    folder(LATEST_COPY),
    read(patience, (signal) => findLeftovers({ ...stores, retention }, { isOpen, control: { signal } })),
  ]);
  const found = await metadata;
  const folders = new Map<string, Read<FolderState>>();
  // One after the other: with `deep` they are read from one disk.
  for (const versionId of await wantedFolders(stores, found, patience)) folders.set(versionId, await folder(versionId));
  return { metadata: found, points, paragraphs, claim, freeBytes, latestCopy, folders, leftovers };
}

function lookAtMetadata({ metadata }: Stores): MetadataSeen {
  return {
    rows: metadata.registry.list(),
    journal: metadata.journal.list(),
    current: metadata.journal.current() ?? null,
    pins: metadata.pins.list(),
    fence: metadata.fence.read() ?? null,
    chapters: metadata.chapters().length,
  };
}

/** Committed versions, and archived ones that were brought back; where the registry cannot be read, whatever lies sealed in the backups folder. */
async function wantedFolders(
  { artifacts }: Stores,
  { value }: Read<MetadataSeen>,
  patience: Patience,
): Promise<string[]> {
  const listed = await read(patience, () => artifacts.listVersions());
  const beside = (listed.value ?? [])
    .filter(({ place, sealed, versionId }) => place === 'beside' && sealed && isVersionId(versionId))
    .map(({ versionId }) => versionId);
  if (!value) return beside;
  return value.rows
    .filter(({ versionId, status }) => status === 'committed' || (status === 'archived' && beside.includes(versionId)))
    .map(({ versionId }) => versionId);
}
