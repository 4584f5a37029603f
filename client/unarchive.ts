import { HybridFlowError } from '../domain/errors';
import type { VersionRow } from '../domain/registry';
import type { VersionStatus } from '../domain/status';
import type { Pin } from '../domain/switch-journal';
import { useText, type VersionUse } from '../domain/version-use';
import { findHolder, judgeHolder } from '../inspection/holders';
import { hasEnded, whileInUse } from '../inspection/in-use';
import type { Stores, UnarchivedVersion } from '../stores/ports';
import { requireVersion } from './version-views';

type Asked = Pick<Stores, 'metadata' | 'artifacts'>;

/** What became of it. Field names are part of the contract. */
export interface Unarchived extends UnarchivedVersion {
  base: string;
  /** Of its row, which does not change: `archived` is final. */
  status: VersionStatus;
  /** What keeps it beside the others; null of a version that is committed, which needs none. */
  pin: Pin | null;
  /** True where that pin was there before. */
  pinnedBefore: boolean;
  notes: string[];
}

export interface UnarchiveRequest {
  base: string;
  /** A version's id. */
  version: string;
  by: string;
  reason?: string;
}

export const UNARCHIVE_OPERATION = 'unarchive';
const WRITE_MS = 30_000;

/**
 * Brings an archived version back beside the others, and pins it, so that the window leaves it there. Production is not
 * touched, and no service is asked. Repeated, it ends what was begun.
 *
 * @throws HybridFlowError BASE_BUSY while a change of the base is under way, or somebody else is at it; VERSION_UNKNOWN
 * where the archive has no such version; ARTIFACT_DAMAGED, DISK_TOO_SMALL, FOREIGN_BASE, VERSION_IN_USE: nothing is
 * changed then
 */
export async function unarchive(stores: Asked, request: UnarchiveRequest): Promise<Unarchived> {
  const { artifacts, metadata } = stores;
  const row = requireKept(requireVersion(metadata, request.version));
  const { versionId, status } = row;
  await assertFree(stores);
  const work = async (own: readonly VersionUse[]) => {
    await assertAlone(stores, versionId, own);
    await assertOwn(stores, versionId, request.base);
    const startedAt = new Date().toISOString();
    const before = pinOf(metadata, versionId);
    let made: Pin | null = null;
    const ready = async () => {
      // It may have taken long: a change that has begun meanwhile watches who else writes to metadata.db.
      await assertFree(stores);
      if (status === 'archived' && !before) made = pin(metadata, versionId, request);
    };
    const brought = await artifacts.unarchive(versionId, ready).catch((error: unknown) => {
      if (made) unpin(metadata, versionId);
      throw error;
    });
    const notes = brought.state === 'unarchived' ? log(metadata, versionId, request, startedAt) : [];
    return { base: request.base, ...brought, status, pin: before ?? made, pinnedBefore: before !== null, notes };
  };
  // Two at a time would be in each other's way: without its mark none begins.
  return whileInUse(artifacts, [versionId], 'unarchive', work, { demanded: true });
}

/** What never was sealed, or was taken back, has no files to bring. */
function requireKept(row: VersionRow): VersionRow {
  if (row.status === 'archived' || row.status === 'committed') return row;
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `${row.versionId} is ${row.status.replaceAll('_', ' ')}: it was never archived`,
    expected: 'an archived version',
    next: 'list the versions with `hfv versions`',
  });
}

/** @throws HybridFlowError BASE_BUSY */
async function assertFree(stores: Asked): Promise<void> {
  const [busy] = judgeHolder(await findHolder(stores, {}));
  if (busy) throw new HybridFlowError(busy.code, busy.facts);
}

/** Whoever marks first and looks then cannot both miss the other. */
async function assertAlone({ artifacts }: Asked, versionId: string, own: readonly VersionUse[]): Promise<void> {
  const ours = own.map(({ id }) => id);
  const other = (await artifacts.uses()).find(
    (one) => one.versionId === versionId && one.kind === 'unarchive' && !ours.includes(one.id) && !hasEnded(one),
  );
  if (!other) return;
  throw new HybridFlowError('BASE_BUSY', {
    found: `${versionId}: ${useText(other)}`,
    expected: 'nobody else at it',
    next: 'run it again when that has ended; of a process that was killed on another machine the mark ends by itself',
    details: { versionId, host: other.host, pid: other.pid },
  });
}

async function assertOwn({ artifacts }: Asked, versionId: string, base: string): Promise<void> {
  const manifest = await artifacts.readManifest(versionId);
  if (!manifest || manifest.base === base) return;
  throw new HybridFlowError('FOREIGN_BASE', {
    found: `${versionId} is a version of ${manifest.base}`,
    expected: `a version of ${base}`,
    next: 'compare HYBRIDFLOW_BASE and HYBRIDFLOW_BACKUPS; nothing was changed',
  });
}

function pinOf({ pins }: Stores['metadata'], versionId: string): Pin | null {
  return pins.list().find((one) => one.versionId === versionId) ?? null;
}

function pin({ pins }: Stores['metadata'], versionId: string, { by, reason }: UnarchiveRequest): Pin {
  const why = `brought back from the archive${reason ? `: ${reason}` : ''}`;
  return pins.add({ versionId, reason: why, by }, { notAfter: Date.now() + WRITE_MS });
}

/** The first error is the one to be told; a pin that stays keeps an archived version for longer, and no more. */
function unpin({ pins }: Stores['metadata'], versionId: string): void {
  try {
    pins.remove(versionId);
  } catch {
    // `hfv unpin` removes it later.
  }
}

/** Who brought it back, and why; that it could not be noted is told, and undoes nothing. */
function log(
  { registry }: Stores['metadata'],
  versionId: string,
  asked: UnarchiveRequest,
  startedAt: string,
): string[] {
  const details = { by: asked.by, reason: asked.reason ?? null };
  const operation = { type: UNARCHIVE_OPERATION, status: 'success' as const, details };
  try {
    registry.logOperations(versionId, [{ ...operation, startedAt, completedAt: new Date().toISOString() }]);
    return [];
  } catch (error) {
    return [`not noted in operation_log: ${error instanceof Error ? error.message : String(error)}`];
  }
}
