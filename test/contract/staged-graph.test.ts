import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failureOf } from '../support/errors';
import { plainChapter, rowsOf, wordsOf, wordsOfGraph, type Book } from './support/books';
import { answersOf, StagedWorld } from './support/staged-world';

jest.setTimeout(120_000);

const one = plainChapter('x:ch1', ['1', '2', '10'], { tables: [{ id: 'x:ch1:t1', paragraph: '1', linked: false }] });
const two = plainChapter('x:ch2', ['1', '2'], { tables: [{ id: 'loose', paragraph: '2', linked: true }] });
const PRODUCTION: Book = {
  chapters: [one, two],
  links: [
    { type: 'CITES', from: 'x:ch2:1', to: 'x:ch1:2' },
    { type: 'CITES', from: 'x:ch1:2', to: 'x:ch2:2' },
  ],
};
const NEXT = plainChapter('x:ch1', ['1', '2', '3']);

let world: StagedWorld;
let folder: string;

beforeAll(async () => {
  world = await StagedWorld.make();
  folder = await mkdtemp(path.join(tmpdir(), 'staged-graph-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await world.close();
});
beforeEach(() => world.produce(PRODUCTION));

async function unfit(removed: string[] = []): Promise<{ total: number; samples: string[] }> {
  const { code, facts } = await failureOf(world.store.assertStagingFits(removed));
  expect(code).toBe('STAGING_UNFIT');
  return facts.details as unknown as { total: number; samples: string[] };
}

describe('what is staged', () => {
  it('fits where chapters are whole, links to what stays included', async () => {
    const links = [{ type: 'CITES', from: 'x:ch1:3', to: 'x:ch2:1' }];
    await world.stage({ chapters: [NEXT, plainChapter('y:ch1', ['1'])], links });
    await world.store.assertStagingFits([]);
    expect(await world.store.stagedChapters()).toEqual(['x:ch1', 'y:ch1']);
  });

  it.each<[what: string, change: string, removed: string[], told: RegExp]>([
    [
      'a label is missing',
      'MATCH (n:StagedTextbook) REMOVE n:StagedTextbook:StagedHfvTest',
      [],
      /no label that begins/,
    ],
    ['a label is production', 'MATCH (n:StagedSection) SET n:HfvTest', [], /carries a label of production/],
    [
      'the mark of staging is missing',
      'MATCH (n:StagedParagraph {chunk_id: "x:ch1:1"}) REMOVE n:staging',
      [],
      /lacks the label staging/,
    ],
    [
      'it is joined with production',
      'MATCH (n:StagedSection), (m:Chapter {id: "x:ch2"}) CREATE (n)-[:SEE]->(m)',
      [],
      /SEE.*not staged/,
    ],
    ['a chapter has no textbook', 'MATCH (n:StagedTextbook) DETACH DELETE n', [], /hangs from no textbook/],
    [
      'a chapter is staged twice',
      'MATCH (c:StagedChapter)<-[:CONTAINS]-(t) CREATE (t)-[:CONTAINS]->(:StagedChapter:staging {id: c.id})',
      [],
      /x:ch1 is staged more than once/,
    ],
    ['a chapter has no id', 'MATCH (c:StagedChapter) REMOVE c.id', [], /Chapter without an id/],
    ['a chapter is staged and removed', 'RETURN 1', ['x:ch1'], /staged and removed/],
    [
      'a textbook is staged in two ways',
      'CREATE (:StagedTextbook:staging {id: "x", title: "?"})',
      [],
      /more than once, each time/,
    ],
    [
      'a paragraph has no chunk_id',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) REMOVE p.chunk_id',
      [],
      /has no chunk_id that is a text/,
    ],
    [
      'a chunk_id is staged twice',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) SET p.chunk_id = "x:ch1:1"',
      [],
      /x:ch1:1 is staged more than once/,
    ],
    [
      'a chunk_id is that of a chapter that stays',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) SET p.chunk_id = "x:ch2:1"',
      [],
      /x:ch2:1 is one that production has/,
    ],
    [
      'a chunk_id is that of no staged chapter',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) SET p.chunk_id = "x:ch2:9"',
      [],
      /x:ch2:9 names a chapter that is not staged/,
    ],
    [
      'a paragraph hangs below another chapter',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) CREATE (:StagedTextbook:staging {id: "q"})-[:CONTAINS]->(:StagedChapter:staging {id: "q:ch1"}) SET p.chunk_id = "q:ch1:1"',
      [],
      /q:ch1:1 hangs below a chapter/,
    ],
    [
      'production has a chunk_id below a chapter that stays',
      'MATCH (p:Paragraph {chunk_id: "x:ch1:2"})<-[r:HAS_PARAGRAPH]-() DELETE r WITH p MATCH (c:Chapter {id: "x:ch2"}) CREATE (c)-[:HAS_PARAGRAPH]->(p)',
      [],
      /x:ch1:2 is one that production has/,
    ],
    [
      'a table belongs to no chapter',
      'CREATE (:StagedTable:staging {id: "lone"})',
      [],
      /Table lone belongs to no staged chapter/,
    ],
    [
      'a table is that of another chapter',
      'CREATE (:StagedTable:staging {id: "x:ch2:t5"})',
      [],
      /Table x:ch2:t5 names a chapter/,
    ],
    [
      'a placeholder names nothing',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) CREATE (p)-[:CITES]->(:StagedLink:staging {label: "Paragraph", key: "x:ch2:9"})',
      [],
      /Paragraph x:ch2:9, which will not be there/,
    ],
    [
      'a placeholder names what goes',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) CREATE (p)-[:CITES]->(:StagedLink:staging {label: "Paragraph", key: "x:ch1:10"})',
      [],
      /Paragraph x:ch1:10, which will not be there/,
    ],
    [
      'a placeholder names what is removed',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) CREATE (p)-[:CITES]->(:StagedLink:staging {label: "Table", key: "loose"})',
      ['x:ch2'],
      /Table loose, which will not be there/,
    ],
    [
      'a placeholder lacks its key',
      'MATCH (p:StagedParagraph {chunk_id: "x:ch1:2"}) CREATE (p)-[:CITES]->(:StagedLink:staging {label: "Paragraph"})',
      [],
      /lacks its label or its key/,
    ],
    [
      'a placeholder is given a place',
      'MATCH (p:StagedSection) CREATE (p)-[:HAS_PARAGRAPH]->(:StagedLink:staging {label: "Paragraph", key: "x:ch2:1"})',
      [],
      /gives its place to a placeholder/,
    ],
  ])('does not fit where %s', async (_, change, removed, told) => {
    await world.stage({ chapters: [NEXT], links: [] });
    await world.graph.rows(change.replaceAll('"', "'"));
    const { total, samples } = await unfit(removed);
    expect(samples).toContainEqual(expect.stringMatching(told));
    expect(total).toBeGreaterThanOrEqual(samples.length);
  });

  it('is told of in twenty samples and a total', async () => {
    await world.stage({ chapters: [NEXT], links: [] });
    await world.graph.rows(`UNWIND range(1, 30) AS i CREATE (:StagedTable:staging {id: 'lone ' + i})`);
    const { total, samples } = await unfit();
    expect([total, samples.length]).toEqual([30, 20]);
  });

  it('is removed with its placeholders', async () => {
    await world.stage({ chapters: [NEXT], links: [{ type: 'CITES', from: 'x:ch1:3', to: 'x:ch2:1' }] });
    expect(await world.store.removeStaging(3)).toBe(8);
    expect(
      await world.graph.count('MATCH (n) WHERE any(l IN labels(n) WHERE l STARTS WITH "Staged") RETURN count(n)'),
    ).toBe(0);
  });

  it('is no part of an export, nor of what is counted', async () => {
    const before = await world.store.inventory('v1_baseline');
    await world.stage({ chapters: [NEXT], links: [{ type: 'CITES', from: 'x:ch1:3', to: 'x:ch2:1' }] });
    expect(await world.store.inventory('v1_baseline')).toEqual(before);
    const { counts } = await world.store.exportTo(path.join(folder, 'beside.gz'));
    expect(counts).toMatchObject({ nodes: before.nodes, relationships: before.relationships });
  });

  it('has texts by number, as production has', async () => {
    await world.stage({ chapters: [plainChapter('x:ch1', ['10', '9'])], links: [] });
    expect(Object.entries(await world.store.chapterTexts('x:ch1'))).toEqual([
      ['x:ch1:1', 'text 1'],
      ['x:ch1:2', 'text 2'],
      ['x:ch1:10', 'text 10'],
    ]);
    expect(Object.keys(await world.store.chapterTexts('x:ch1', { staged: true }))).toEqual(['x:ch1:9', 'x:ch1:10']);
  });
});

describe('staging from an export', () => {
  const file = () => path.join(folder, `${Date.now()}.gz`);

  it('brings chapters back as the export holds them, and leaves the others', async () => {
    const at = file();
    await world.store.exportTo(at);
    const before = await world.store.fingerprint();
    await world.stage({ chapters: [NEXT, { ...two, title: 'changed' }, plainChapter('y:ch1', ['1'])], links: [] });
    await world.switch();
    expect(await world.store.stageFromExport(at, ['x:ch1', 'x:ch2'])).toEqual({ nodes: 14 });
    // Starts over: nothing is there twice.
    expect(await world.store.stageFromExport(at, ['x:ch1', 'x:ch2'])).toEqual({ nodes: 14 });
    await world.store.assertStagingFits(['y:ch1']);
    await world.switch(['y:ch1']);
    expect(await wordsOfGraph(world.graph)).toEqual(wordsOf(rowsOf(PRODUCTION)));
    expect(await world.store.fingerprint()).toEqual(before);
  });

  it('links with what is not staged by placeholders', async () => {
    const at = file();
    await world.store.exportTo(at);
    await world.store.stageFromExport(at, ['x:ch1']);
    expect(await world.graph.rows('MATCH (l:StagedLink) RETURN l.label AS label, l.key AS key ORDER BY key')).toEqual([
      { label: 'Paragraph', key: 'x:ch2:1' },
      { label: 'Paragraph', key: 'x:ch2:2' },
    ]);
    await world.store.assertStagingFits([]);
    expect(await world.switch()).toMatchObject({
      nodesCreated: 0,
      nodesUpdated: 0,
      nodesDeleted: 0,
      relationshipsCreated: 0,
    });
  });

  it('is refused for a chapter that the export lacks, and for what is no export; what was staged is there still', async () => {
    const at = file();
    await world.store.exportTo(at);
    await world.stage({ chapters: [NEXT], links: [] });
    expect((await failureOf(world.store.stageFromExport(at, ['x:ch1', 'x:ch7']))).message).toMatch(/x:ch7/);
    expect((await failureOf(world.store.stageFromExport(__filename, ['x:ch1']))).code).toBe('ARTIFACT_DAMAGED');
    expect(await world.store.stagedChapters()).toEqual(['x:ch1']);
  });
});

describe('the checks of what is staged', () => {
  it('see what is wrong with it, and not what is replaced', async () => {
    await world.graph.rows(`MATCH (p:Paragraph {chunk_id: 'x:ch1:1'}) SET p.cross_references = 'no array'`);
    await world.graph.rows(`MATCH (:Paragraph {chunk_id: 'x:ch1:1'})-[r:NEXT|HAS_PARAGRAPH]-() DELETE r`);
    await world.stage({ chapters: [NEXT], links: [] });
    expect(await answersOf(world.store.stagedChecks([]))).toMatchObject({
      ...{ paragraphs: 5, orphans: { total: 0 }, brokenChains: { total: 0, chapters: 2 } },
      invalidCrossReferences: { total: 0, carrying: 0 },
    });
    await world.graph.rows(`MATCH (p:StagedParagraph {chunk_id: 'x:ch1:2'}) SET p.cross_references = 'no array'`);
    await world.graph.rows(`MATCH (:StagedParagraph {chunk_id: 'x:ch1:2'})-[r:NEXT|HAS_PARAGRAPH]-() DELETE r`);
    expect(await answersOf(world.store.stagedChecks(['x:ch2']))).toEqual({
      paragraphs: 3,
      chunkIds: ['x:ch1:1', 'x:ch1:2', 'x:ch1:3'],
      unnamed: 0,
      orphans: { total: 1, samples: ['no parent x:ch1:2:'] },
      brokenChains: { total: 2, samples: expect.any(Array) as string[], chapters: 1 },
      invalidCrossReferences: { total: 1, carrying: 1, samples: ['JSON: array no not x:ch1:2:'] },
    });
  });

  it('of a paragraph that nothing names go by the tree', async () => {
    await world.graph.rows(
      `MATCH (c:Chapter) WITH c CREATE (c)-[:HAS_PARAGRAPH]->(:HfvTest:Paragraph {chunk_id: 'odd ' + c.id})`,
    );
    await world.stage({ chapters: [NEXT], links: [] });
    const checks = await answersOf(world.store.stagedChecks([]));
    expect(checks.chunkIds).toContain('odd x:ch2');
    expect(checks.chunkIds).not.toContain('odd x:ch1');
    await world.switch();
    expect(await answersOf(world.store)).toEqual(checks);
  });
});
