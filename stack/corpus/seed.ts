import { existsSync } from 'node:fs';
import type { Settings } from '../../config/schema';
import { HybridFlowError } from '../../domain/errors';
import { openArtifactStore } from '../../stores/artifacts';
import { openMetadataStore } from '../../stores/sqlite';
import { differences, hasVersions, holdings, survey, targetsOf, type Found, type Targets } from './found';
import { load, type Loaded, type SeedProgress } from './load';
import { readMarker, refuseWhileWritten, removeMarker, touchMarker, writeMarker, type Marker } from './marker';
import { removeOwn, sortHoldings } from './ownership';
import { planCorpus, type CorpusPlan, type Scale } from './plan';
import type { SeedCounts } from './tally';

export interface SeedOptions {
  settings: Settings;
  scale: Scale;
  /** A whole number: the same scale and seed make the same corpus, to the byte. */
  seed: number;
  onProgress?: (progress: SeedProgress) => void;
}

export interface SeedResult {
  /** True where the corpus was there already: then nothing was written. */
  alreadySeeded: boolean;
  /** True where what a crash had left of the same corpus was removed first. */
  startedOver: boolean;
  seed: number;
  paragraphs: number;
  counts: SeedCounts;
  /** SHA-256 of the whole corpus. */
  digest: string;
  /** Milliseconds; all 0 where nothing was written. */
  durations: Loaded['durations'] & { total: number };
  /** Where versions have changed the counts since: what differs, in words. */
  movedOn: string[];
}

const FRESH = 'empty what the seeder made with `hfv seed --fresh` (or `npm run demo -- --fresh`), or name other stores';

/**
 * Fills the three stores with the demonstration corpus.
 *
 * Stores that hold anything it did not make are refused and left as they are. Its own complete corpus is recognised
 * and kept; its own half of one, left by a crash, is removed and made again.
 *
 * @throws HybridFlowError SEED_REFUSED naming what was found, BASE_BUSY where another process is seeding
 */
export async function seed({ settings, scale, seed: number, onProgress }: SeedOptions): Promise<SeedResult> {
  const started = performance.now();
  const plan = planCorpus(scale, number);
  const targets = targetsOf(settings);
  const { metadataDb } = targets;
  const found = await survey(targets);
  const marker = readMarker(metadataDb);
  const decision = decide(targets, plan, found, marker);
  if (decision.kind === 'keep') return kept(decision, plan);
  if (decision.kind === 'start over') await removeCrashed(targets, plan);
  const about = { paragraphs: plan.paragraphs, seed: plan.seed };
  writeMarker(metadataDb, { state: 'seeding', ...about });
  const { counts, digest, durations } = await load(targets, plan, touching(metadataDb, onProgress));
  writeMarker(metadataDb, { state: 'seeded', ...about, counts, digest });
  const total = Math.round(performance.now() - started);
  const startedOver = decision.kind === 'start over';
  return {
    alreadySeeded: false,
    startedOver,
    ...about,
    counts,
    digest,
    durations: { ...durations, total },
    movedOn: [],
  };
}

/**
 * Empties what the marker beside metadata.db says, and the contents prove, to have been made by {@link seed}; with
 * nothing there it does nothing. Everything else stays: `left` says what, in words.
 *
 * @throws HybridFlowError SEED_REFUSED where the stores hold data but there is no marker
 */
export async function clearSeed(settings: Settings): Promise<{ cleared: boolean; left: string[] }> {
  const targets = targetsOf(settings);
  const marker = readMarker(targets.metadataDb);
  if (!marker) {
    const there = holdings(await survey(targets), targets);
    if (there.length > 0) throw refusal(`There is no seed marker, and ${there.join('; ')}`, 'name other stores');
    return { cleared: false, left: [] };
  }
  refuseWhileWritten(targets.metadataDb, marker);
  await refuseVersioned(settings);
  const left = await removeOwn(targets, await sortHoldings(targets, planCorpus(marker.paragraphs, marker.seed)));
  removeMarker(targets.metadataDb);
  return { cleared: true, left };
}

type Decision = { kind: 'load' } | { kind: 'start over' } | Keep;
interface Keep {
  kind: 'keep';
  counts: SeedCounts;
  digest: string;
  movedOn: string[];
}

function decide(targets: Targets, plan: CorpusPlan, found: Found, marker: Marker | undefined): Decision {
  const there = holdings(found, targets);
  if (marker) refuseWhileWritten(targets.metadataDb, marker);
  if (there.length === 0) return { kind: 'load' };
  if (!marker)
    throw refusal(`The stores hold data that the seeder did not make: ${there.join('; ')}`, 'name other stores');
  if (marker.paragraphs !== plan.paragraphs || marker.seed !== plan.seed) {
    const was = `${marker.state === 'seeded' ? 'a' : 'part of a'} corpus of ${marker.paragraphs} paragraphs, seed ${marker.seed}`;
    throw refusal(`The stores hold ${was}: ${there.join('; ')}`, FRESH);
  }
  const { counts, digest } = marker;
  if (marker.state === 'seeding' || !counts || digest === undefined) return { kind: 'start over' };
  const movedOn = differences(found, counts);
  const anyEmpty = found.qdrant.points === 0 || found.neo4j.nodes === 0 || found.sqlite.tables.length === 0;
  if (movedOn.length === 0 || (hasVersions(found) && !anyEmpty)) return { kind: 'keep', counts, digest, movedOn };
  throw refusal(`The stores no longer hold what was seeded: ${movedOn.join('; ')}`, FRESH);
}

async function removeCrashed(targets: Targets, plan: CorpusPlan): Promise<void> {
  const ownership = await sortHoldings(targets, plan);
  let left = ownership.foreign;
  if (left.length === 0) {
    await removeOwn(targets, ownership);
    left = holdings(await survey(targets), targets);
  }
  if (left.length > 0) throw refusal(`Beside what an interrupted seed left, there is: ${left.join('; ')}`, FRESH);
}

function kept({ counts, digest, movedOn }: Keep, { seed, paragraphs }: CorpusPlan): SeedResult {
  const durations = { sqlite: 0, qdrant: 0, neo4j: 0, total: 0 };
  return { alreadySeeded: true, startedOver: false, seed, paragraphs, counts, digest, durations, movedOn };
}

/** Progress also keeps the marker fresh, by which another seeder knows that this one is alive. */
function touching(metadataDb: string, onProgress: SeedOptions['onProgress']): (progress: SeedProgress) => void {
  let touched = Date.now();
  return (progress) => {
    if (Date.now() - touched > 1_000) {
      touchMarker(metadataDb);
      touched = Date.now();
    }
    onProgress?.(progress);
  };
}

function refusal(found: string, next: string): HybridFlowError {
  return new HybridFlowError('SEED_REFUSED', { found, expected: 'empty stores, or the corpus asked for', next });
}

/** A base with versions is more than a seed: taking the corpus from under them would leave neither. */
async function refuseVersioned({ metadataDb, backups }: Settings): Promise<void> {
  const versions = existsSync(metadataDb) ? openMetadataStore(metadataDb).registry.list() : [];
  const claim = await openArtifactStore(backups).readClaim();
  const [newest] = versions.map(({ versionId }) => versionId).reverse();
  const there = claim ? `a change is under way (${claim.versionId})` : newest && `it holds versions (${newest})`;
  if (!there) return;
  throw new HybridFlowError('SEED_REFUSED', {
    found: `The seeded base is not removed: ${there}`,
    expected: 'a base without versions',
    next: '`npm run demo -- --fresh` starts over with empty stores; other stores need other settings',
  });
}
