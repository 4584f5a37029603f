import type { ActivityDeps } from '../../../activities';
import { LATEST_COPY, isVersionId, versionLabel } from '../../../domain/version-id';
import { runChecks } from '../../../inspection/checks';
import { findLeftovers } from '../../../inspection/leftovers';
import { verifyVersion } from '../../../inspection/verify';
import type { TestBase } from '../base';
import type { Contents, EditionOf, Model } from './model';

type Texts = Record<string, EditionOf['texts']>;

/** What the stores hold, in the model's words. */
export interface Seen {
  titles: Record<string, string>;
  points: Texts;
  paragraphs: Texts;
}

/** `bailey:ch60` of `bailey:ch60:1.2`. */
const chapterOfChunk = (chunkId: string) => chunkId.split(':').slice(0, 2).join(':');

/** Production as each store has it, read past the program under test. */
export async function seen(base: TestBase): Promise<Seen> {
  const paragraphs = await base.cypher<Chunk>('MATCH (p:Paragraph) RETURN p.chunk_id AS chunkId, p.text AS text');
  return {
    titles: titlesIn(base, 'chapter_metadata'),
    points: byChapter(await pointsOf(base, 'textbook_chunks')),
    paragraphs: byChapter(paragraphs),
  };
}

/** The model's words for what all three hold. */
export function told(contents: Contents): Seen {
  const entries = [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = Object.fromEntries(entries.map(([chapter, edition]) => [chapter, edition.texts]));
  const titles = Object.fromEntries(entries.map(([chapter, { title }]) => [chapter, title]));
  return { titles, points: texts, paragraphs: texts };
}

/** The corpus, from the stores it was seeded into. */
export function contentsOf({ titles, points }: Seen): Contents {
  return new Map(Object.entries(titles).map(([chapter, title]) => [chapter, { title, texts: points[chapter] ?? {} }]));
}

/** Holds everything that can be looked at against the model. */
export async function expectAsModelled(base: TestBase, deps: ActivityDeps, model: Model): Promise<void> {
  expect(await seen(base)).toEqual(told(model.production));
  expect(deps.metadata.journal.current()?.versionId).toBe(model.current);
  const open = deps.metadata.journal.list().filter(({ state }) => state === 'switching' || state === 'committed');
  expect(open).toEqual([]);
  expect(deps.metadata.pins.list().map(({ versionId }) => versionId)).toEqual([...model.pins]);
  await expectStaging(base, deps, model);
  expectRegistry(deps, model);
  await expectFolders(base, deps, model);
  await expectMarks(base, model);
}

async function expectStaging(base: TestBase, deps: ActivityDeps, { staged }: Model): Promise<void> {
  expect((await deps.artifacts.readClaim())?.versionId).toBe(staged?.versionId);
  if (!staged) {
    expect(base.sql(`SELECT name FROM sqlite_master WHERE name LIKE '%staging%'`)).toEqual([]);
    expect(await base.collections()).toEqual(['textbook_chunks']);
    expect(await base.count('MATCH (n:staging) RETURN count(n)')).toBe(0);
    return;
  }
  const { titles, points } = told(staged.contents);
  expect(titlesIn(base, 'chapter_metadata_staging')).toEqual(titles);
  expect(byChapter(await pointsOf(base, 'textbook_chunks_staging'))).toEqual(points);
}

const STATUS = { committed: 'committed', archived: 'archived', deleted: 'archived', 'rolled back': 'rolled_back' };

function expectRegistry({ metadata }: ActivityDeps, { versions, staged }: Model): void {
  const rows = metadata.registry.list().map(({ versionId, status }) => [versionId, status]);
  const under = staged ? [[staged.versionId, staged.validated ? 'validating' : 'staging']] : [];
  expect(rows).toEqual([...versions.map(({ versionId, fate }) => [versionId, STATUS[fate]]), ...under]);
}

async function expectFolders(base: TestBase, deps: ActivityDeps, model: Model): Promise<void> {
  const names = (fate: 'committed' | 'archived') => model.of(fate).map(({ versionId }) => versionId);
  const paths = base.backups();
  expect(paths.filter(isVersionId).sort()).toEqual(names('committed').sort());
  const inArchive = paths.filter((path) => /^archived\/[^/]+$/.test(path)).map((path) => path.slice(9));
  expect(inArchive.sort()).toEqual(names('archived').sort());
  for (const folder of [...names('committed'), LATEST_COPY]) {
    const { passed, problems } = await verifyVersion(deps, folder, { qdrant: false });
    expect({ folder, passed, problems }).toEqual({ folder, passed: true, problems: [] });
  }
  for (const versionId of names('archived')) {
    expect(await deps.artifacts.verifyArchived(versionId)).toMatchObject({ versionId, intact: true, problems: [] });
  }
  const [latest, current] = [LATEST_COPY, model.current].map((folder) => deps.artifacts.readManifest(folder));
  expect((await latest)?.fingerprint).toBe((await current)?.fingerprint);
  // The one that a baseline has made names only itself.
  expect([model.current, LATEST_COPY]).toContain((await latest)?.versionId);
}

/** What has left the window has no label any more; nobody holds a fence. */
async function expectMarks(base: TestBase, model: Model): Promise<void> {
  const [labels] = await base.cypher<{ labels: string[] }>(
    'MATCH (p:Paragraph) UNWIND labels(p) AS label RETURN collect(DISTINCT label) AS labels',
  );
  const standing = model.of('committed').map(({ versionId }) => versionLabel(versionId));
  expect(labels?.labels.filter((label) => /^v\d/.test(label) && !standing.includes(label))).toEqual([]);
  expect([await base.fence(), base.sql('SELECT * FROM write_fence')]).toEqual([undefined, []]);
}

/** At the end of a sequence: the seven checks, and nothing that anybody would have to sweep. */
export async function expectSound(deps: ActivityDeps, { strayedSnapshot }: Model): Promise<void> {
  const failed = (await runChecks(deps)).filter(({ passed }) => !passed);
  expect(failed).toEqual([]);
  const isOpen = (other: { workflowId: string; runId: string }) => deps.runs.isOpen(other.workflowId, other.runId);
  const { leftovers, notes } = await findLeftovers(deps, { isOpen });
  // What was there before a rollback is kept for a person to look at.
  const expected = ['rescue', ...(strayedSnapshot ? ['snapshot'] : [])];
  expect([leftovers.filter(({ kind }) => !expected.includes(kind)), notes]).toEqual([[], []]);
}

interface Chunk {
  chunkId: string;
  text: string;
}

function titlesIn(base: TestBase, table: string): Record<string, string> {
  const rows = base.sql<{ chapter: string; title: string }>(
    `SELECT textbook_id || ':ch' || chapter_number AS chapter, title FROM ${table} ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ chapter, title }) => [chapter, title]));
}

async function pointsOf(base: TestBase, collection: string): Promise<Chunk[]> {
  const { points } = await base.qdrant<{ points: { payload: { chunk_id: string; text: string } }[] }>(
    'POST',
    `/collections/${collection}/points/scroll`,
    { limit: 10_000, with_payload: true },
  );
  return points.map(({ payload }) => ({ chunkId: payload.chunk_id, text: payload.text }));
}

function byChapter(chunks: readonly Chunk[]): Texts {
  const texts: Texts = {};
  for (const { chunkId, text } of chunks) (texts[chapterOfChunk(chunkId)] ??= {})[chunkId] = text;
  return texts;
}
