import { disagreedAtMost } from '../../domain/switch-journal';
import { STORE_NAMES } from '../../domain/names';
import type { RestoreOutcome } from '../../domain/restore';
import { compareWithRecorded } from '../../inspection/fingerprints';
import { LATEST_COPY } from '../../domain/version-id';
import { manifestSchema } from '../../domain/manifest';
import { readFileSync } from 'node:fs';
import type { HybridFlowError } from '../../domain/errors';
import type { PublishInput } from '../../domain/publish';
import type { ParsedChapter } from '../../examples/ingestion/chapter';
import { renderPublished } from '../../client/render/publish';
import { duration } from '../../client/render/text';
import { TestBase } from '../support/base';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, ownQueue, type Live } from '../support/live';
import { chapterOf, Publishing, registerBaseline } from '../support/publishing';
import { failureOf } from '../support/workflow-env';
import { plain } from '../unit/client/support';

jest.setTimeout(240_000);

const PARAGRAPHS = 400;
const taskQueue = ownQueue();
let live: Live;
let base: TestBase;
let baseline: string;
let atBaseline: Fingerprint;
let chapters: { textbook_id: string; chapter_number: string; title: string }[];

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: 100 } });
  await live.work(base.settings, taskQueue);
  baseline = await registerBaseline(live, taskQueue);
  atBaseline = await fingerprint(base);
  chapters = base.sql('SELECT textbook_id, chapter_number, title FROM chapter_metadata ORDER BY id');
});
afterEach(() => Publishing.closeLast());
afterAll(async () => {
  await live?.close().finally(() => base?.close());
});

const idOf = (chapter: { textbook_id: string; chapter_number: string }) =>
  `${chapter.textbook_id}:ch${chapter.chapter_number}`;
const at = (nth: number) => {
  const chapter = chapters[nth];
  if (!chapter) throw new Error(`the corpus has no chapter ${nth}`);
  return chapter;
};
const rowOf = (versionId: string) =>
  base.sql<{ status: string }>(`SELECT * FROM version_registry WHERE version_id = '${versionId}'`)[0];
const manifestOf = (folder: string) =>
  manifestSchema.parse(JSON.parse(readFileSync(base.backup(folder, 'manifest.json'), 'utf8')));

/** Nothing of a staging is left anywhere. */
async function expectNoStaging(): Promise<void> {
  expect(base.sql(`SELECT name FROM sqlite_master WHERE name LIKE '%staging%'`)).toEqual([]);
  expect(await base.collections()).toEqual(['textbook_chunks']);
  expect(await base.count('MATCH (n:staging) RETURN count(n)')).toBe(0);
  expect(await base.fence()).toBeUndefined();
  expect(base.backups().filter((name) => name.startsWith('.claim') || name.startsWith('.latest'))).toEqual([]);
  expect(base.sql('SELECT * FROM write_fence')).toEqual([]);
}

test('a version that was cancelled leaves no trace, and production as it was', async () => {
  const before = await fingerprint(base);
  const publishing = await Publishing.open(live, base, taskQueue, { startedBy: 'ann' });
  await publishing.write([chapterOf('bailey', '900', 'one')], [idOf(at(0))]);
  // Readers of production meet nothing of what is staged.
  expect(await base.count(`MATCH (p:Paragraph) RETURN count(p)`)).toBe(PARAGRAPHS);
  const answer = await publishing.cancel({ by: 'ann', reason: 'second thoughts' });
  expect(answer).toBe('cancelled by ann: second thoughts');
  const outcome = await publishing.handle.result();
  expect(outcome).toMatchObject({ outcome: 'cancelled', reason: 'cancelled by ann: second thoughts' });
  expect(rowOf(outcome.versionId)?.status).toBe('rolled_back');
  expect(await fingerprint(base)).toEqual(before);
  await expectNoStaging();
});

test('adds, changes and removes chapters as one, in all three stores, and proves it', async () => {
  const publishing = await Publishing.open(live, base, taskQueue, { kind: 'major', startedBy: 'ann', notes: 'spring' });
  const changed = at(1);
  const removed = idOf(at(2));
  await publishing.write(
    [chapterOf('bailey', '900', 'one'), chapterOf(changed.textbook_id, changed.chapter_number, 'two', 9)],
    [removed],
  );
  const outcome = await publishing.promoted();
  expect(outcome).toMatchObject({
    outcome: 'committed',
    kind: 'major',
    from: 'production',
    proven: true,
    warnings: [],
  });
  expect(outcome.versionId).toMatch(/^v\d+_major_/);
  const [entry] = base.sql<{ started_at: string; committed_at: string }>(
    'SELECT started_at, committed_at FROM switch_journal ORDER BY id DESC LIMIT 1',
  );
  const [startedAt, committedAt] = [`${entry?.started_at}Z`, `${entry?.committed_at}Z`];
  const { disagreedMs = 0, mode } = outcome.promote ?? {};
  expect([mode, disagreedMs > 0]).toEqual(['in place', true]);
  expect(disagreedMs).toBeLessThanOrEqual(disagreedAtMost({ startedAt, committedAt }) ?? 0);
  const told = `the stores disagreed for ${duration(disagreedMs)} (Qdrant: in place)`;
  expect(renderPublished(outcome, null, plain)).toContain(told);
  expect(outcome.delta).toEqual({
    sqlite: { added: ['bailey:ch900'], changed: [idOf(changed)], removed: [removed] },
    qdrant: { added: ['bailey:ch900'], changed: [idOf(changed)], removed: [removed] },
    neo4j: { added: ['bailey:ch900'], changed: [idOf(changed)], removed: [removed] },
  });
  const label = outcome.versionId.split('_').slice(0, 2).join('_');
  const paragraphs = await base.count('MATCH (p:Paragraph) RETURN count(p)');
  expect(await base.count(`MATCH (p:Paragraph:${label}) RETURN count(p)`)).toBe(paragraphs);
  expect(outcome.counts).toMatchObject({ paragraphs, points: paragraphs, chapters: chapters.length });
  expect(await base.count(`MATCH (:Chapter {id: '${removed}'}) RETURN count(*)`)).toBe(0);
  expect(base.sql(`SELECT title FROM chapter_metadata WHERE chapter_number = '900'`)).toEqual([
    { title: 'Chapter 900, edition one' },
  ]);
  expect(rowOf(outcome.versionId)).toMatchObject({ status: 'committed', committed_by: 'ann', notes: 'spring' });
  expect(manifestOf(outcome.versionId).counts).toMatchObject({
    chapters: chapters.length,
    points: paragraphs,
    paragraphs,
  });
  expect(manifestOf(LATEST_COPY).fingerprint).toBe(manifestOf(outcome.versionId).fingerprint);
  expect(base.sql(`SELECT state, version_id FROM switch_journal ORDER BY id DESC LIMIT 1`)).toEqual([
    { state: 'done', version_id: outcome.versionId },
  ]);
  await expectNoStaging();
});

test('refuses staging that is not sound, says why, and takes it once it is mended', async () => {
  const publishing = await Publishing.open(live, base, taskQueue);
  await publishing.write([chapterOf('bailey', '901', 'one')]);
  const [victim] = await base.cypher<{ id: string }>(
    `MATCH (p:StagedParagraph) WITH p.chunk_id AS id, p ORDER BY id LIMIT 1 DETACH DELETE p RETURN id`,
  );
  const refused = await publishing.ready();
  expect(refused.accepted).toBe(false);
  expect(refused.failed.join('\n')).toMatch(/one to one|match/i);
  expect(JSON.stringify(refused.verdict?.checks)).toContain(victim?.id);
  expect((await publishing.reaches('open')).staging?.lastReady?.accepted).toBe(false);
  await publishing.write([chapterOf('bailey', '901', 'one')]);
  expect((await publishing.promoted()).outcome).toBe('committed');
});

test('refuses a chapter that Qdrant and Neo4j have and SQLite has not, by the census and by count', async () => {
  const before = await fingerprint(base);
  const publishing = await Publishing.open(live, base, taskQueue);
  await publishing.write([chapterOf('bailey', '904', 'one')]);
  base.sql(`DELETE FROM chapter_metadata_staging WHERE chapter_number = '904'`);
  const refused = await publishing.ready();
  expect(refused.accepted).toBe(false);
  expect(refused.failed).toEqual([
    expect.stringMatching(/^orphan census: .*1 chapters are not$/),
    expect.stringMatching(/^chapters in SQLite: .*by the chunks staged in Qdrant/),
  ]);
  const census = refused.verdict?.checks.find(({ name }) => name.startsWith('orphan census'));
  expect(census?.offenders).toEqual({ total: 1, samples: ['bailey:ch904: not in SQLite'] });
  await publishing.cancel();
  await publishing.handle.result();
  expect(await fingerprint(base)).toEqual(before);
  await expectNoStaging();
});

test('refuses what answers searches otherwise than production does, beyond the threshold', async () => {
  const before = await fingerprint(base);
  const publishing = await Publishing.open(live, base, taskQueue, { minimumOverlap: 1 });
  // Its texts are about surgery now, which is one of the queries.
  const { textbook_id, chapter_number } = at(0);
  await publishing.write([chapterOf(textbook_id, chapter_number, 'three')]);
  const refused = await publishing.ready();
  expect(refused.accepted).toBe(false);
  expect(refused.failed).toEqual([
    expect.stringMatching(/^probes: nearest neighbours in common with production: .*100 %/),
  ]);
  const check = refused.verdict?.checks.find(({ name }) => name.startsWith('probes: '));
  expect(check).toMatchObject({ passed: false, severity: 'critical' });
  expect(check?.offenders?.samples.join()).toContain('"surgery"');
  expect((await publishing.reaches('open')).staging?.lastReady?.accepted).toBe(false);
  await publishing.cancel();
  expect(await publishing.handle.result()).toMatchObject({ outcome: 'cancelled' });
  expect(await fingerprint(base)).toEqual(before);
  await expectNoStaging();
});

test('a second staging is refused while one is open', async () => {
  const publishing = await Publishing.open(live, base, taskQueue);
  const failure = await failureOf(Publishing.open(live, base, taskQueue));
  expect(failure.code).toBe('BASE_BUSY');
  await publishing.cancel();
  await publishing.handle.result();
  await expectNoStaging();
});

test.each<[store: string, slipIn: () => unknown]>([
  ['sqlite', () => base.sql(`UPDATE chapter_metadata_staging SET title = 'slipped in' WHERE chapter_number = '902'`)],
  ['neo4j', () => base.cypher(`MATCH (s:StagedSection) WITH s LIMIT 1 SET s.title = 'slipped in'`)],
])(
  'what is staged in %s after it was declared ready does not slip in, and staging is open again',
  async (store, slipIn) => {
    const before = await fingerprint(base);
    const publishing = await Publishing.open(live, base, taskQueue, { requireApproval: true });
    await publishing.write([chapterOf('bailey', '902', 'one')]);
    expect((await publishing.ready()).awaitsApproval).toBe(true);
    await publishing.reaches('waiting for approval');
    await slipIn();
    await publishing.handle.signal('approve', { by: 'ben' });
    const { staging } = await publishing.reaches('open');
    expect(staging?.lastReady).toMatchObject({ accepted: false, failed: [expect.stringContaining(store)] });
    expect(base.sql('SELECT * FROM write_fence')).toEqual([]);
    await publishing.cancel();
    await publishing.handle.result();
    expect(await fingerprint(base)).toEqual(before);
    await expectNoStaging();
  },
);

test('an earlier version is staged by its chapters that differ, and promoted again', async () => {
  const publishing = await Publishing.open(live, base, taskQueue, { from: baseline });
  const outcome = await publishing.promoted();
  expect(outcome).toMatchObject({ outcome: 'committed', from: baseline, proven: true });
  const [now, then] = [manifestOf(outcome.versionId), manifestOf(baseline)];
  const of = (manifest: typeof now, store: string) =>
    manifest.artifacts.find((one) => one.store === store)?.fingerprint;
  expect(of(now, 'qdrant')?.sha256).toBe(of(then, 'qdrant')?.sha256);
  expect(of(now, 'sqlite')?.sha256).toBe(of(then, 'sqlite')?.sha256);
  expect(await base.count('MATCH (p:Paragraph) RETURN count(p)')).toBe(PARAGRAPHS);
});

test('an earlier version comes back whole: titles and what hangs beside the paragraphs, too', async () => {
  const written = chapterOf('bailey', '903', 'one');
  const publish = async (input: PublishInput, chapters: ParsedChapter[]) => {
    const publishing = await Publishing.open(live, base, taskQueue, input);
    if (chapters.length > 0) await publishing.write(chapters);
    return publishing.promoted();
  };
  const { versionId } = await publish({}, [written]);
  const sections = written.sections.map((section) => ({ ...section, title: `${section.title}, renamed` }));
  const renamed = await publish({}, [{ ...written, sections }]);
  expect(renamed).toMatchObject({ outcome: 'committed', proven: true, warnings: [] });
  const again = await publish({ from: versionId }, []);
  expect(again).toMatchObject({ outcome: 'committed', proven: true, warnings: [] });
  expect(again.delta?.neo4j).toEqual({ added: [], changed: ['bailey:ch903'], removed: [] });
  expect(manifestOf(again.versionId).fingerprint).toBe(manifestOf(versionId).fingerprint);
  expect(manifestOf(renamed.versionId).fingerprint).not.toBe(manifestOf(versionId).fingerprint);
});

test('a version staged from nothing is all that production holds then, and the baseline comes back whole', async () => {
  const publishing = await Publishing.open(live, base, taskQueue, { from: 'empty' });
  await publishing.write([chapterOf('bailey', '905', 'one', 8)]);
  const outcome = await publishing.promoted();
  expect(outcome).toMatchObject({
    ...{ outcome: 'committed', from: 'empty', proven: true, warnings: [] },
    counts: { chapters: 1, points: 8, paragraphs: 8 },
    delta: { neo4j: { added: ['bailey:ch905'], changed: [] } },
  });
  const deps = live.open(base.settings);
  const held = await Promise.all(STORE_NAMES.map((store) => compareWithRecorded(deps, outcome.versionId, store, {})));
  expect(held.map(({ store, same }) => [store, same])).toEqual(STORE_NAMES.map((store) => [store, true]));
  // The same, past the program: nothing of any other chapter is left.
  expect(base.sql('SELECT textbook_id, chapter_number FROM chapter_metadata')).toEqual([
    { textbook_id: 'bailey', chapter_number: '905' },
  ]);
  expect(await base.qdrant('POST', '/collections/textbook_chunks/points/count', { exact: true })).toEqual({ count: 8 });
  expect(await base.count('MATCH (p:Paragraph) RETURN count(p)')).toBe(8);
  expect(await base.cypher('MATCH (c:Chapter) RETURN c.id AS id')).toEqual([{ id: 'bailey:ch905' }]);
  await expectNoStaging();

  const restored = await live.client.workflow.execute<() => Promise<RestoreOutcome>>('restoreVersion', {
    ...{ taskQueue, workflowId: `${taskQueue}-restore`, args: [{ version: 'baseline' }] as unknown as [] },
  });
  expect(restored).toMatchObject({ outcome: 'restored', versionId: baseline, proven: true });
  const after = await fingerprint(base);
  expect([after.sqlite, after.qdrant, after.neo4j]).toEqual([atBaseline.sqlite, atBaseline.qdrant, atBaseline.neo4j]);
});

test.each([
  ['an unknown version', { from: 'v9_minor_20200101_000000' }, 'VERSION_UNKNOWN'],
  ['input that does not fit', { from: 7 as unknown as string }, 'CONFIG_INVALID'],
])('refuses %s before anything is touched', async (_, input, code) => {
  const failure = await failureOf(Publishing.open(live, base, taskQueue, input));
  expect(failure.code).toBe(code as HybridFlowError['code']);
  await expectNoStaging();
});
