/*
 * An ingestion that writes a new version into staging: chapters from a JSON file are added or replaced, others removed.
 *
 *   npx hfv stage
 *   node bin/run-ts.mjs examples/ingestion/ingest.ts examples/ingestion/chapters.json --remove schwartz:ch3
 *   npx hfv commit
 *
 * It knows nothing of this system but the three places that docs/staging.md names.
 */
import { parseArgs } from 'node:util';
import { loadSettings, neo4jPassword } from '../../config/load';
import type { Settings } from '../../config/schema';
import { readChapters, type ParsedChapter } from './chapter';
import { stageChapters } from './neo4j';
import { stagePoints } from './qdrant';
import { stagedChapters, stageRows } from './sqlite';

/** Writes the chapters to the three staging places; repeating it gives the same. */
export async function ingest(
  settings: Settings,
  chapters: readonly ParsedChapter[],
  removed: readonly string[] = [],
): Promise<void> {
  const { uri, username, database } = settings.neo4j;
  stageRows(settings.metadataDb, chapters, removed);
  await stagePoints(settings.qdrant, chapters, removed);
  await stageChapters({ uri, username, password: neo4jPassword(settings), database }, chapters, removed);
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { remove: { type: 'string', multiple: true, default: [] } },
  });
  const settings = loadSettings({ env: process.env, cwd: process.cwd() });
  const chapters = positionals.flatMap(readChapters);
  await ingest(settings, chapters, values.remove);
  const now = stagedChapters(settings.metadataDb).length;
  process.stdout.write(
    `staged ${chapters.length} chapters, removed ${values.remove.length}; staging now has ${now} chapters\n`,
  );
}

if (require.main === module || process.argv[1] === __filename) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
