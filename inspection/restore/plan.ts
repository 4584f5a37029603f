import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import type { StoreName } from '../../domain/names';
import type { Refusal } from '../../domain/preflight';
import { storesIn } from '../../domain/rescue';
import { isDrift, driftText, type RestorePlan, type RestoreSource, type StoreChange } from '../../domain/restore';
import { STORE_TITLES } from '../../domain/words';
import type { CallControl, Stores } from '../../stores/ports';
import { inspectBackups } from '../backups-folder';
import { findHolder, type Asking, type Holder } from '../holders';
import { markProduction } from '../marks';
import { sideBytes } from '../side-targets';
import { changesOf, driftOf, fingerprintsOf, readSides, type Sides } from './changes';
import { assertCollection, judgeFitness } from './fitness';
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
  const wanted = wantedOf(source, manifest, named);
  if (storesIn(manifest).includes('qdrant')) await assertCollection(stores, manifest);
  const holder = await findHolder(stores, asking);
  const marks = await markProduction(stores);
  const sides = await readSides(stores, source, manifest, control);
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
    production: { fingerprints: fingerprintsOf(sides), marks },
    drift,
    disk,
    heldBy: holder?.words ?? null,
    refusals: refusals.map(({ code, facts: { found, expected, next } }) => {
      return { code, found, expected: expected ?? null, next: next ?? null };
    }),
    warnings: [
      ...warnings,
      ...unsure(holder),
      ...sides.flatMap((side) => unknownText(side, source)),
      ...(isDrift(drift) ? [`the stores will disagree about ${driftText(drift)}`] : []),
    ],
  };
}

/** @throws HybridFlowError CONFIG_INVALID for a store that was not saved there */
function wantedOf({ folder }: RestoreSource, manifest: Manifest, named: readonly StoreName[]): StoreName[] {
  const held = storesIn(manifest);
  const missing = named.filter((store) => !held.includes(store));
  if (missing.length === 0) return held.filter((store) => named.length === 0 || named.includes(store));
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `${folder} does not hold ${missing.map((store) => STORE_TITLES[store]).join(' and ')}`,
    expected: `--store ${held.join(' ')}, or none`,
    next: 'leave `--store` out to restore what it holds; nothing was changed',
  });
}

function unknownText({ store, unknown }: Sides, { folder }: RestoreSource): string[] {
  if (!unknown) return [];
  return [`${folder} does not hold ${STORE_TITLES[store]}, and nothing says what that was then: it stays as it is`];
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
