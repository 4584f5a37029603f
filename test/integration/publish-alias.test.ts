import type { AliasView } from '../../client/render/adopt-alias';
import type { StatusView } from '../../client/render/status';
import type { VersionComparison } from '../../domain/compare';
import type { DrillOutcome } from '../../domain/drill';
import { drillWorkflowId, STAGING_NAMES, STORE_NAMES } from '../../domain/names';
import type { RestoreOutcome } from '../../domain/restore';
import type { RollbackRecord } from '../../domain/rollback';
import { LATEST_COPY } from '../../domain/version-id';
import { compareWithRecorded } from '../../inspection/fingerprints';
import { AliasedBase } from '../support/aliased';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { withMeddling } from '../support/meddle';
import { chapterOf, Publishing } from '../support/publishing';
import { latestFirst, pointsBy, SteadyReader } from '../support/steady-reader';
import { until } from '../support/until';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(240_000);

const PARAGRAPHS = 60;
const PLAIN = 'textbook_chunks';
const LATEST = `${PLAIN}_latest`;
const STAGING = STAGING_NAMES.collection;
const ADDED = 'bailey:ch900';
const physical = (versionId: string) => `${PLAIN}_${versionId}`;

let one: AliasedBase;
let baseline: string;
/** Ids of the chapters of the corpus. */
let chapters: string[];

beforeAll(async () => {
  one = await AliasedBase.make(PARAGRAPHS);
  ({ versionId: baseline } = await one.run<{ versionId: string }>('registerBaseline', { confirm: 'hash' }));
  const rows = one.base.sql<{ id: string }>(
    `SELECT textbook_id || ':ch' || chapter_number AS id FROM chapter_metadata ORDER BY rowid`,
  );
  chapters = rows.map(({ id }) => id);
});
afterEach(() => Publishing.closeLast());
afterAll(() => one?.close());

const chapterNamed = (id = '', edition = 'one') => {
  const [textbook = '', number = ''] = id.split(':ch');
  return chapterOf(textbook, number, edition);
};
const current = () => one.deps.metadata.journal.current()?.versionId ?? '';
const newestSwitch = () => one.deps.metadata.journal.list()[0];

async function expectAtRest(): Promise<void> {
  expect(await one.residue()).toEqual([]);
  expect(await one.doctor()).toMatchObject({
    verdict: 'quiet',
    facts: { production: 'as counted', leftovers: 'none' },
  });
}

async function expectIs(folder: string): Promise<void> {
  for (const store of STORE_NAMES) {
    expect(await compareWithRecorded(one.deps, folder, store)).toMatchObject({ store, same: true });
  }
}

test('adopt-alias: readers go over from the collection to its alias without a gap', async () => {
  await until(
    'a worker that polls',
    () => one.doctor(),
    ({ facts }) => facts.workers === 'polling',
  );
  const before = await fingerprint(one.base);
  const readers = [new SteadyReader(one.base, latestFirst(one.base)), new SteadyReader(one.base, () => PLAIN)];
  const { exit, value } = await one.hfv<AliasView>('adopt-alias');
  expect([exit, value]).toEqual([
    0,
    expect.objectContaining({ alias: LATEST, collection: PLAIN, made: true, aliases: [LATEST], points: PARAGRAPHS }),
  ]);
  const points = await pointsBy(one.base, LATEST);
  for (const reader of readers) expect(await reader.stop()).toMatchObject({ seen: [points], failures: [] });
  expect((await one.hfv<AliasView>('adopt-alias')).value).toMatchObject({ made: false, collection: PLAIN });
  expect(await one.standing()).toEqual({ collections: [PLAIN], aliases: { [LATEST]: PLAIN } });
  const { qdrant, ...others } = await fingerprint(one.base);
  expect([others, qdrant.collections]).toEqual([
    { sqlite: before.sqlite, neo4j: before.neo4j, backups: before.backups },
    before.qdrant.collections,
  ]);
  await expectAtRest();
});

test('a staging lies in a collection of its own; what is said of it is so, and cancelled it was never there', async () => {
  const before = await fingerprint(one.base);
  const [changed = '', removed = ''] = chapters;
  const publishing = await one.stage();
  const { versionId = '' } = await publishing.view();
  await publishing.write([chapterNamed(ADDED), chapterNamed(changed)], [removed]);
  expect(await one.standing()).toEqual({
    collections: [PLAIN, physical(versionId ?? '')].sort(),
    aliases: { [LATEST]: PLAIN, [STAGING]: physical(versionId ?? '') },
  });
  const { value } = await one.hfv<VersionComparison>('compare', 'production', 'staging');
  for (const { store, chapters: found } of value.stores) {
    const names = found.list.map(({ chapter, change }) => `${change} ${chapter}`).sort();
    expect([store, names]).toEqual([store, [`added ${ADDED}`, `changed ${changed}`, `removed ${removed}`]]);
  }
  expect(await one.doctor()).toMatchObject({
    verdict: 'a staging is open',
    facts: { production: 'as counted', leftovers: 'none' },
    change: { versionId },
  });
  const status = await one.hfv<StatusView>('status');
  expect(status.value).toMatchObject({ change: { status: 'RUNNING' }, progress: { staging: { stage: 'open' } } });
  expect((await one.hfv('adopt-alias')).exit).toBe(6);
  await publishing.cancel({ by: 'ann' });
  expect(await publishing.handle.result()).toMatchObject({ outcome: 'cancelled', versionId });
  expect(await fingerprint(one.base)).toEqual(before);
  await expectAtRest();
});

test('a promote that fails once the alias has moved is taken back: the alias, and every store', async () => {
  const before = await fingerprint(one.base);
  const lose = async () => {
    const { points } = await one.base.qdrant<{ points: { id: string }[] }>(
      'POST',
      `/collections/${LATEST}/points/scroll`,
      {
        limit: 1,
      },
    );
    await one.base.qdrant('POST', `/collections/${LATEST}/points/delete?wait=true`, {
      points: points.map(({ id }) => id),
    });
  };
  const meddled = withMeddling(one.deps, [{ before: 'vectors.status', after: 'vectors.switchAlias', effect: lose }]);
  const publishing = await one.stage({}, { on: meddled });
  await publishing.write([chapterNamed(ADDED)], chapters.slice(0, 1));
  expect((await publishing.ready()).accepted).toBe(true);
  const failure = await failureOf(publishing.handle.result());
  expect(failure).toMatchObject({ code: 'ROLLED_BACK', message: expect.stringMatching(/points/) as string });
  const { rollback } = failure.details.find((detail) => (detail as { rollback?: object }).rollback) as {
    rollback: RollbackRecord;
  };
  expect(rollback).toMatchObject({ proven: true, left: [] });
  expect(rollback.steps.filter(({ state }) => state === 'failed')).toEqual([]);
  expect(JSON.stringify(rollback.steps)).toContain('alias moved back');
  expect(await fingerprint(one.base)).toEqual(before);
  expect(newestSwitch()).toMatchObject({ state: 'undone' });
  await expectAtRest();
});

describe('the first promote', () => {
  let before: Fingerprint;
  let dead: string;

  test('whose run is ended between the alias and the commit is half done, and said to be', async () => {
    before = await fingerprint(one.base);
    dead = await one.stageToDieBefore('vectors.status', 'vectors.switchAlias', (publishing) =>
      publishing.write([chapterNamed(ADDED)], chapters.slice(0, 1)),
    );
    const { versionId = '', state } = one.deps.metadata.journal.find(dead) ?? {};
    expect([state, (await one.standing()).aliases]).toEqual(['switching', { [LATEST]: physical(versionId) }]);
    expect(await one.doctor()).toMatchObject({
      verdict: 'half switched, to be taken back',
      facts: { leftovers: 'none' },
      switch: { state: 'switching', versionId },
    });
  });

  test('is taken back by the next change, which moves the alias in one step, and then retires the collection', async () => {
    const [, changed = '', removed = ''] = chapters;
    const publishing = await one.stage({ kind: 'major' }, { dead });
    expect(one.deps.metadata.journal.find(dead)).toMatchObject({ state: 'undone' });
    const { versionId } = await publishing.view();
    const staged = physical(versionId ?? '');
    expect(await one.standing()).toEqual({
      collections: [PLAIN, staged].sort(),
      aliases: { [LATEST]: PLAIN, [STAGING]: staged },
    });
    const now = await fingerprint(one.base);
    expect([now.sqlite?.tables.chapter_metadata, now.qdrant.collections[PLAIN], now.neo4j]).toEqual([
      before.sqlite?.tables.chapter_metadata,
      before.qdrant.collections[PLAIN],
      before.neo4j,
    ]);
    await publishing.write([chapterNamed(ADDED), chapterNamed(changed, 'two')], [removed]);
    const [old, fresh] = [await pointsBy(one.base, LATEST), await pointsBy(one.base, STAGING)];
    const rows = one.base.sql('SELECT * FROM chapter_metadata_staging');
    const texts = await stagedTexts('StagedParagraph');
    const readers = [new SteadyReader(one.base, latestFirst(one.base)), new SteadyReader(one.base, () => LATEST)];
    const plainly = new SteadyReader(one.base, () => PLAIN);
    const outcome = await publishing.promoted();
    for (const reader of readers) expect(await reader.stop()).toMatchObject({ seen: [old, fresh], failures: [] });
    expectGapOnly(await plainly.stop());
    expect([...plainly.seen]).toEqual([old, fresh]);

    expect(outcome).toMatchObject({ outcome: 'committed', proven: true, warnings: [], promote: { mode: 'alias' } });
    const delta = { added: [ADDED], changed: [changed], removed: [removed] };
    expect(outcome.delta).toEqual({ sqlite: delta, qdrant: delta, neo4j: delta });
    expect(await one.standing()).toEqual({ collections: [staged], aliases: { [LATEST]: staged, [PLAIN]: staged } });
    expect(await pointsBy(one.base, PLAIN)).toBe(fresh);
    expect(one.base.sql('SELECT * FROM chapter_metadata')).toEqual(rows);
    expect(
      await stagedTexts(
        'Paragraph',
        texts.map(({ id }) => id),
      ),
    ).toEqual(texts);
    expect(await one.base.count(`MATCH (:Chapter {id: '${removed}'}) RETURN count(*)`)).toBe(0);
    expect([current(), newestSwitch()?.state]).toEqual([versionId, 'done']);
    for (const folder of [outcome.versionId, LATEST_COPY]) await expectIs(folder);
    await expectAtRest();
  });
});

/** Whoever goes by the plain name alone may find nothing for a moment, while an alias takes the collection's place. */
function expectGapOnly({ failures, reads }: SteadyReader): void {
  expect(failures.filter((failure) => !failure.includes(': 404 '))).toEqual([]);
  expect(failures.length).toBeLessThan(reads);
}

async function stagedTexts(label: string, among?: string[]): Promise<{ id: string; text: string }[]> {
  return one.base.cypher<{ id: string; text: string }>(
    `MATCH (p:${label}) WHERE $among IS NULL OR p.chunk_id IN $among
     RETURN p.chunk_id AS id, p.text AS text ORDER BY id`,
    { among: among ?? null },
  );
}

/** Its run was ended behind the commit: production is the new version, and what it was still lies beside it. */
async function expectToBeDrivenForward(dead: string, aliases: string[], previous: string): Promise<string> {
  const { versionId = '', state } = one.deps.metadata.journal.find(dead) ?? {};
  const collection = physical(versionId);
  expect([state, current()]).toEqual(['committed', versionId]);
  expect(await one.standing()).toEqual({
    collections: [previous, collection].sort(),
    aliases: Object.fromEntries(aliases.map((alias) => [alias, collection])),
  });
  const { verdict, command, leftovers } = await one.doctor();
  expect([verdict, command]).toEqual(['switched, to be driven forward', 'hfv rollback --continue']);
  expect(leftovers.filter((one) => one.verdict !== 'wait')).toEqual([]);
  return versionId;
}

test('a run that is ended right before it retires the collection is driven forward by a restore, which stays behind the alias', async () => {
  const beforeDeath = current();
  const dead = await one.stageToDieBefore('vectors.retire', 'vectors.switchAlias', (publishing) =>
    publishing.write([chapterNamed(ADDED, 'dead')]),
  );
  const versionId = await expectToBeDrivenForward(dead, [LATEST, PLAIN], physical(beforeDeath));
  const readers = [new SteadyReader(one.base, latestFirst(one.base)), new SteadyReader(one.base, () => PLAIN)];
  const old = await pointsBy(one.base, LATEST);
  const outcome = await one.run<RestoreOutcome>('restoreVersion', { version: 'baseline' }, { dead });
  const restored = await pointsBy(one.base, LATEST);
  for (const reader of readers) expect(await reader.stop()).toMatchObject({ seen: [old, restored], failures: [] });
  expect(one.deps.metadata.journal.find(dead)).toMatchObject({ state: 'done' });
  expect(outcome).toMatchObject({ outcome: 'restored', versionId: baseline, proven: true, warnings: [] });
  expect(outcome.previousVersionId).toBe(versionId);
  expect(await one.standing()).toEqual({
    collections: [physical(versionId)],
    aliases: { [LATEST]: physical(versionId), [PLAIN]: physical(versionId) },
  });
  for (const folder of [baseline, LATEST_COPY]) await expectIs(folder);
  await expectAtRest();
});

test('Qdrant alone is restored behind the alias, and a drill touches neither', async () => {
  const before = await fingerprint(one.base);
  await one.base.qdrant('POST', `/collections/${LATEST}/points/delete?wait=true`, { filter: {} });
  expect(await one.doctor()).toMatchObject({ verdict: 'production differs' });
  const outcome = await one.run<RestoreOutcome>('restoreVersion', { version: baseline, stores: ['qdrant'] });
  expect(outcome).toMatchObject({ stores: ['qdrant'], proven: true, drift: { chapters: 0, others: [] } });
  expect(await fingerprint(one.base)).toEqual(before);
  const id = drillWorkflowId(one.base.settings.base, baseline);
  expect((await one.run<DrillOutcome>('drillVersion', { versionId: baseline }, { id })).passed).toBe(true);
  expect(await fingerprint(one.base)).toEqual(before);
  await expectAtRest();
});

test('an alias of the plain name is enough: its base is in alias mode as it is', async () => {
  const [previous = ''] = await one.base.collections();
  await one.base.qdrant('POST', '/collections/aliases', { actions: [{ delete_alias: { alias_name: LATEST } }] });
  expect((await one.hfv<AliasView>('adopt-alias')).value).toMatchObject({
    ...{ alias: PLAIN, collection: previous, made: false, aliases: [PLAIN] },
  });
  const old = await pointsBy(one.base, PLAIN);
  const readers = [new SteadyReader(one.base, latestFirst(one.base)), new SteadyReader(one.base, () => PLAIN)];
  let fresh = '';
  const dead = await one.stageToDieBefore('vectors.dropStaging', 'vectors.switchAlias', async (publishing) => {
    await publishing.write([chapterNamed(ADDED, 'last')]);
    fresh = await pointsBy(one.base, STAGING);
  });
  const versionId = await expectToBeDrivenForward(dead, [PLAIN], previous);
  await one.continueRollback(dead);
  for (const reader of readers) expect(await reader.stop()).toMatchObject({ seen: [old, fresh], failures: [] });
  expect([one.deps.metadata.journal.find(dead)?.state, current()]).toEqual(['done', versionId]);
  expect(await one.standing()).toEqual({
    collections: [physical(versionId)],
    aliases: { [PLAIN]: physical(versionId) },
  });
  for (const folder of [versionId, LATEST_COPY]) await expectIs(folder);
  await expectAtRest();
});
