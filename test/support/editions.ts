import type { ActivityDeps } from '../../activities';
import type { ParsedChapter } from '../../examples/ingestion/chapter';
import type { PublishInput } from '../../domain/publish';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { compareWithRecorded, liveFingerprint } from '../../inspection/fingerprints';
import type { TestBase } from './base';
import type { Live } from './live';
import { chapterOf, Publishing } from './publishing';

export type Edition = 'one' | 'two';
export const other = (edition: Edition): Edition => (edition === 'one' ? 'two' : 'one');

/** Written anew with every edition; the other two are there with one edition only. */
export const CHANGED = 'bailey:ch900';
const ONLY: Record<Edition, string> = { one: '901', two: '902' };
const PARAGRAPHS: Record<Edition, number> = { one: 8, two: 5 };

/** What an edition consists of: a chapter that changes, one that is new, and (from the second publication on) one that goes. */
export function chaptersOfEdition(edition: Edition): ParsedChapter[] {
  return [chapterOf('bailey', '900', edition, PARAGRAPHS[edition]), chapterOf('bailey', ONLY[edition], edition)];
}

/** Opens a staging and writes an edition into it. */
export async function stageEdition(
  live: Live,
  base: TestBase,
  taskQueue: string,
  edition: Edition,
  input: PublishInput = {},
): Promise<Publishing> {
  const publishing = await Publishing.open(live, base, taskQueue, input);
  await writeEdition(publishing, edition);
  return publishing;
}

/** Into a staging that is open. */
export async function writeEdition(publishing: Publishing, edition: Edition): Promise<void> {
  const gone = ONLY[other(edition)];
  const find = `SELECT 1 FROM chapter_metadata_staging WHERE chapter_number = '${gone}'`;
  const there = publishing.base.sql(find).length > 0;
  await publishing.write(chaptersOfEdition(edition), there ? [`bailey:ch${gone}`] : []);
}

export type Digests = Record<StoreName, string>;

/** Production by what its stores hold; of SQLite without what every writing of a row counts up. */
export async function digestsOf(deps: ActivityDeps, base: TestBase): Promise<Digests> {
  const [qdrant, neo4j] = await Promise.all([
    liveFingerprint(deps, 'qdrant', { deep: true }),
    liveFingerprint(deps, 'neo4j'),
  ]);
  const rows = base.sql(
    `SELECT textbook_id, chapter_number, title, content_hash, source_file_path, chunk_count FROM chapter_metadata
     ORDER BY textbook_id, chapter_number`,
  );
  return { sqlite: JSON.stringify(rows), qdrant: qdrant.summary.sha256, neo4j: neo4j.summary.sha256 };
}

/** Production is what a sealed version, or latest-copy, was sealed with. */
export async function expectProductionIs(deps: ActivityDeps, folder: string): Promise<void> {
  for (const store of STORE_NAMES) expect(await compareWithRecorded(deps, folder, store)).toMatchObject({ same: true });
}

export interface AtRest {
  /** Whether a file may be there that somebody was killed over, under its temporary name. */
  halfWritten?: boolean;
  /** Production's one, and by which aliases readers come to it. */
  collection?: string;
  aliases?: readonly string[];
}

/** Nothing of a staging, a switch or a restore is left anywhere. */
export async function expectNothingLeft(
  deps: ActivityDeps,
  base: TestBase,
  { halfWritten = false, collection = 'textbook_chunks', aliases = [] }: AtRest = {},
): Promise<void> {
  expect(base.sql(`SELECT name FROM sqlite_master WHERE name LIKE '%staging%'`)).toEqual([]);
  expect(await base.collections()).toEqual([collection]);
  expect(await base.snapshots(collection)).toEqual([]);
  expect(await base.aliases()).toEqual(Object.fromEntries(aliases.map((alias) => [alias, collection])));
  expect(
    await base.count(`MATCH (n) WHERE n:staging OR any(l IN labels(n) WHERE l STARTS WITH 'Staged') RETURN count(n)`),
  ).toBe(0);
  expect(await base.fence()).toBeUndefined();
  expect(base.sql('SELECT * FROM write_fence')).toEqual([]);
  expect(await deps.artifacts.readClaim()).toBeUndefined();
  const hidden = base.backups().filter((name) => name.startsWith('.') || name.endsWith('.tmp'));
  expect(hidden.filter((name) => !(halfWritten && name.endsWith('.tmp')))).toEqual([]);
  expect(base.sql(`SELECT * FROM switch_journal WHERE state IN ('switching', 'committed')`)).toEqual([]);
  expect(
    base.sql(`SELECT * FROM version_registry WHERE status NOT IN ('committed', 'archived', 'rolled_back')`),
  ).toEqual([]);
}
