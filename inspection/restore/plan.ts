import type { Refusal } from '../../domain/preflight';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { isDrift, driftText, type RestorePlan, type StoreChange } from '../../domain/restore';
import type { CallControl, Stores } from '../../stores/ports';
import { inspectBackups } from '../backups-folder';
import { findHolder, type Asking, type Holder } from '../holders';
import { sideBytes } from '../side-targets';
import { changesOf, driftOf, readSides } from './changes';
import { judgeFitness } from './fitness';
import { openSource } from './source';

export interface RestoreRequest {
  base: string;
  version: string;
  /** Empty: all three. */
  stores: readonly StoreName[];
  minimumFreeBytes: number;
}

/**
 * Says what a restore would do, without beginning one: verifies the artifacts, holds production against the version,
 * predicts the drift of a partial restore, and what would be refused. Writes nothing and takes no lock.
 *
 * @throws HybridFlowError VERSION_UNKNOWN, VERSION_ARCHIVED, FOREIGN_BASE, ARTIFACT_DAMAGED, CHECK_FAILED for a version
 * from before there were fingerprints; whatever a store that cannot be read throws
 */
export async function planRestore(
  stores: Stores,
  { base, version, stores: named, minimumFreeBytes }: RestoreRequest,
  asking: Asking = {},
  control: CallControl = {},
): Promise<RestorePlan> {
  const { source, manifest, warnings } = await openSource(stores, version, base);
  const wanted = STORE_NAMES.filter((store) => named.length === 0 || named.includes(store));
  const holder = await findHolder(stores, asking);
  const sides = await readSides(stores, source.folder, control);
  const current = stores.metadata.journal.current()?.versionId ?? null;
  const changes = await changesOf(stores, sides, { stores: wanted, manifest, current });
  const drift = driftOf(sides, wanted);
  const backups = await inspectBackups(stores.artifacts);
  const disk = { path: backups.path, freeBytes: backups.freeBytes, neededBytes: bytesFor(changes, minimumFreeBytes) };
  const refusals = [
    ...busy(holder),
    ...backups.refusals,
    ...tooSmall(disk),
    ...(await judgeFitness(stores, source.folder, manifest, wanted)),
  ];
  return {
    format: 'hybridflow-restore-plan/1',
    base,
    takenAt: new Date().toISOString(),
    source,
    current,
    stores: wanted,
    changes,
    drift,
    disk,
    heldBy: holder?.words ?? null,
    refusals: refusals.map(({ code, facts: { found, expected, next } }) => {
      return { code, found, expected: expected ?? null, next: next ?? null };
    }),
    warnings: [
      ...warnings,
      ...unsure(holder),
      ...(isDrift(drift) ? [`the stores will disagree about ${driftText(drift)}`] : []),
    ],
  };
}

/** What is saved before, and the side targets, which may lie on the same disk. */
function bytesFor(changes: readonly StoreChange[], minimum: number): number {
  const rescue = changes.filter(({ keptIn }) => keptIn === null).reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.max(minimum, rescue + sideBytes(changes));
}

function tooSmall({ path, freeBytes, neededBytes }: RestorePlan['disk']): Refusal[] {
  if (freeBytes >= neededBytes) return [];
  return [
    {
      code: 'DISK_TOO_SMALL',
      facts: {
        found: `${path} has ${freeBytes} bytes free`,
        expected: `${neededBytes} bytes: for what is saved before the switch, and for the side targets`,
        next: 'free some space (`hfv retain --dry-run` says what may go); nothing was changed',
      },
    },
  ];
}

function busy(holder: Holder | undefined): Refusal[] {
  if (holder?.alive !== true) return [];
  return [
    {
      code: 'BASE_BUSY',
      facts: {
        found: `Somebody else is at work: ${holder.words}`,
        expected: 'one change at a time',
        next: 'watch it with `hfv status`; a version that is being staged is given up with `hfv cancel`',
      },
    },
  ];
}

function unsure(holder: Holder | undefined): string[] {
  if (holder?.alive !== undefined || !holder) return [];
  return [`somebody may be at work: ${holder.words}; a restore asks Temporal before it begins`];
}
