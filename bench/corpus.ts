import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../client/context';
import { seedStores } from '../client/seeding';
import { neo4jPassword } from '../config/load';
import type { Scale } from '../stack/corpus/plan';
import type { SeedResult } from '../stack/corpus/seed';
import { reset } from '../stack/stack';
import { openGraphStore } from '../stores/neo4j';
import { benchEnvironment, BENCH_ROOT } from './stack';

const SEED = 1;
const SCALE_FILE = join(BENCH_ROOT, 'scale');

/** Empties the stack where it holds a corpus of another scale. To be called before the services are started. */
export async function makeRoomFor(scale: Scale): Promise<void> {
  const held = existsSync(SCALE_FILE) ? readFileSync(SCALE_FILE, 'utf8') : String(scale);
  if (held === String(scale)) return;
  await reset({ root: BENCH_ROOT, env: benchEnvironment() });
  rmSync(pristineOf(join(BENCH_ROOT, 'data', 'metadata.db')), { force: true });
  rmSync(SCALE_FILE, { force: true });
}

/** What the stack holds is no corpus any more: whoever comes next empties it. */
export function markSpent(): void {
  writeFileSync(SCALE_FILE, 'spent');
}

/** The corpus, seeded once, and a copy of metadata.db as it is before there are versions. */
export async function seedOnce(context: Context, scale: Scale): Promise<SeedResult> {
  const { metadataDb } = context.settings();
  writeFileSync(SCALE_FILE, String(scale));
  if (existsSync(pristineOf(metadataDb))) await removeVersions(context);
  const result = await seedStores(context, { scale, seed: SEED });
  if (!existsSync(pristineOf(metadataDb))) copyFileSync(metadataDb, pristineOf(metadataDb));
  return result;
}

/**
 * Takes every version out again, so that the next run has the same work. The program itself has no such verb, and
 * must not: a committed baseline is for good. Nothing else may work on these stores meanwhile.
 */
export async function removeVersions(context: Context): Promise<void> {
  const { metadataDb, backups, neo4j } = context.settings();
  const { uri, username, database } = neo4j;
  const graph = openGraphStore({ uri, username, database, password: neo4jPassword(context.settings()) });
  try {
    for (const { label } of await graph.markerLabels()) await graph.removeLabel(label, 10_000);
  } finally {
    await graph.close();
  }
  rmSync(backups, { recursive: true, force: true });
  for (const side of ['-wal', '-shm', '-journal']) rmSync(`${metadataDb}${side}`, { force: true });
  copyFileSync(pristineOf(metadataDb), `${metadataDb}.new`);
  renameSync(`${metadataDb}.new`, metadataDb);
}

function pristineOf(metadataDb: string): string {
  return `${metadataDb}.pristine`;
}
