import { insideOf } from '../../domain/chapter-digest';
import type { GraphSwitched } from '../../stores/ports';
import { failureOf } from '../support/errors';
import { plainChapter, rowsOf, wordsOf, wordsOfGraph, type Book } from './support/books';
import { answersOf, foretoldOf, StagedWorld, TOKEN } from './support/staged-world';

jest.setTimeout(120_000);

const NOTHING: GraphSwitched = {
  nodesCreated: 0,
  nodesUpdated: 0,
  nodesDeleted: 0,
  relationshipsCreated: 0,
  relationshipsDeleted: 0,
  transactions: 0,
};
const one = plainChapter('x:ch1', ['1', '2', '3']);
const two = plainChapter('x:ch2', ['1', '2']);
const PRODUCTION: Book = {
  chapters: [one, two],
  links: [
    { type: 'CITES', from: 'x:ch2:1', to: 'x:ch1:2' },
    { type: 'CITES', from: 'x:ch1:3', to: 'x:ch2:2' },
  ],
};

let world: StagedWorld;

beforeAll(async () => {
  world = await StagedWorld.make();
});
afterAll(() => world.close());
beforeEach(() => world.produce(PRODUCTION));

const idOf = async (chunkId: string) => {
  const [row] = await world.graph.rows('MATCH (p:Paragraph {chunk_id: $chunkId}) RETURN elementId(p) AS id', {
    chunkId,
  });
  return row?.id;
};
const graphIs = async (book: Book) => expect(await wordsOfGraph(world.graph)).toEqual(wordsOf(rowsOf(book)));

/** Stages, switches, and holds the graph against what it is to be, what was foretold, and what was counted. */
async function switched(staged: Book, removed: string[], after: Book): Promise<GraphSwitched> {
  await world.stage(staged);
  await world.store.assertStagingFits(removed);
  const foretold = foretoldOf(await world.store.stagedFingerprint());
  const ids = staged.chapters.map(({ id }) => id).sort();
  expect(foretold.map(({ group }) => group).sort()).toEqual([...ids.map(insideOf), ...ids].sort());
  const checks = await answersOf(world.store.stagedChecks(removed));
  const size = () => world.graph.count('MATCH (n:HfvTest) RETURN count(n)');
  const links = () => world.graph.count('MATCH (:HfvTest)-[r]->(:HfvTest) RETURN count(r)');
  const before = [await size(), await links()];
  const counts = await world.switch(removed);
  await graphIs(after);
  expect([await size(), await links()]).toEqual([
    (before[0] ?? 0) + counts.nodesCreated - counts.nodesDeleted,
    (before[1] ?? 0) + counts.relationshipsCreated - counts.relationshipsDeleted,
  ]);
  const groups = await world.groups();
  expect(foretold.map(({ group }) => groups.get(group))).toEqual(foretold);
  expect(await answersOf(world.store)).toEqual(checks);
  expect(await world.graph.count('MATCH (n:staging) RETURN count(n)')).toBe(0);
  expect(await world.switch(removed)).toEqual(NOTHING);
  return counts;
}

describe('the switch of the graph', () => {
  it('changes, adds and takes away paragraphs of a chapter; who stays is the one it was', async () => {
    const ids = [await idOf('x:ch1:1'), await idOf('x:ch1:3')];
    const next = plainChapter('x:ch1', ['1', '3', '4'], { title: 'anew' });
    const counts = await switched({ chapters: [next], links: [] }, [], {
      chapters: [next, two],
      links: [{ type: 'CITES', from: 'x:ch1:3', to: 'x:ch2:2' }],
    });
    expect([await idOf('x:ch1:1'), await idOf('x:ch1:3')]).toEqual(ids);
    expect(counts).toMatchObject({ nodesCreated: 1, nodesUpdated: 1, nodesDeleted: 1, transactions: 1 });
  });

  it('puts the paragraphs of a chapter in another order and other sections', async () => {
    const numbers = ['3', '1', '2'];
    const turned = plainChapter('x:ch1', numbers);
    const counts = await switched({ chapters: [turned], links: [] }, [], { ...PRODUCTION, chapters: [turned, two] });
    expect(counts).toMatchObject({ nodesCreated: 0, nodesUpdated: 0, nodesDeleted: 0 });
    expect(counts.relationshipsDeleted).toBeGreaterThan(0);
  });

  it('writes nothing of what is staged as it is', async () => {
    const counts = await switched({ chapters: [one], links: [] }, [], PRODUCTION);
    expect(counts).toEqual({ ...NOTHING, transactions: 1 });
  });

  it('adds a chapter with a textbook of its own, and removes one with its textbook', async () => {
    const other = plainChapter('y:ch1', ['1', '2']);
    await switched({ chapters: [other], links: [] }, [], { ...PRODUCTION, chapters: [one, two, other] });
    await switched({ chapters: [], links: [] }, ['y:ch1'], PRODUCTION);
    await switched({ chapters: [], links: [] }, ['x:ch1'], { chapters: [two], links: [] });
  });

  it('moves a chapter to another textbook, and gives a textbook other properties', async () => {
    const moved = { ...one, textbook: 'z' };
    await switched({ chapters: [moved], links: [] }, [], { ...PRODUCTION, chapters: [moved, two] });
    await world.stage({ chapters: [two], links: [] });
    await world.graph.rows(`MATCH (t:StagedTextbook) SET t.title = 'second edition'`);
    expect(await world.switch()).toMatchObject({ nodesUpdated: 1, nodesCreated: 0, nodesDeleted: 0 });
    expect(await world.graph.rows(`MATCH (t:Textbook {id: 'x'}) RETURN t.title AS title`)).toEqual([
      { title: 'second edition' },
    ]);
  });

  it('links with paragraphs that are not staged, both ways, and keeps the links that are there', async () => {
    const links = [
      { type: 'CITES', from: 'x:ch1:4', to: 'x:ch2:1' },
      { type: 'CITES', from: 'x:ch2:2', to: 'x:ch1:4' },
      { type: 'CITES', from: 'x:ch1:3', to: 'x:ch2:2' },
    ];
    const next = plainChapter('x:ch1', ['2', '3', '4']);
    const kept = PRODUCTION.links[0] ?? links[0];
    await switched({ chapters: [next], links }, [], {
      chapters: [next, two],
      links: [...links, ...(kept ? [kept] : [])],
    });
  });

  it('keeps version labels where nodes stay, and makes all other labels those that are staged', async () => {
    await world.graph.rows(`MATCH (p:Paragraph) SET p:v1_baseline:Old`);
    const next = plainChapter('x:ch1', ['1', '2', '3', '4']);
    if (next.paragraphs[0]) next.paragraphs[0].marked = true;
    await world.stage({ chapters: [next], links: [] });
    await world.switch();
    const labels = await world.graph.rows(`MATCH (p:Paragraph) WHERE p.chunk_id STARTS WITH 'x:ch1:'
      RETURN [l IN labels(p) WHERE l <> 'HfvTest'] AS labels ORDER BY p.chunk_id`);
    expect(labels.map((row) => (row.labels as string[]).sort())).toEqual([
      ['Marked', 'Paragraph', 'v1_baseline'],
      ['Paragraph', 'v1_baseline'],
      ['Paragraph', 'v1_baseline'],
      ['Paragraph'],
    ]);
  });

  it('takes tables and figures along that are tied to a chapter by a property, and those that hang without a name', async () => {
    const tables = [
      { id: 'x:ch1:t1', paragraph: '1', linked: false },
      { id: 'loose', paragraph: '2', linked: true },
    ];
    const with2 = { ...one, tables };
    await switched({ chapters: [with2], links: [] }, [], { ...PRODUCTION, chapters: [with2, two] });
    const with1 = { ...one, tables: [{ id: 'x:ch1:t2', paragraph: '3', linked: true }] };
    await switched({ chapters: [with1], links: [] }, [], { ...PRODUCTION, chapters: [with1, two] });
  });

  it('leaves a table to another chapter that holds it too', async () => {
    const tables = [{ id: 'loose', paragraph: '1', linked: true }];
    await world.produce({ chapters: [{ ...one, tables }, two], links: [] });
    await world.graph.rows(`MATCH (p:Paragraph {chunk_id: 'x:ch2:1'}), (t:Table) CREATE (p)-[:CONTAINS_TABLE]->(t)`);
    const theirs = { ...two, tables };
    await switched({ chapters: [one], links: [] }, [], { chapters: [one, theirs], links: [] });
    await switched({ chapters: [], links: [] }, ['x:ch2'], { chapters: [one], links: [] });
  });

  it('uses an id again for a node of another kind', async () => {
    // What was a section is a subsection now, and the other way round.
    const next = { ...one, sections: ['s2', 's1'] };
    await switched({ chapters: [next], links: [] }, [], { ...PRODUCTION, chapters: [next, two] });
  });

  it('sees that a whole number became a float', async () => {
    const withWeight = (float: boolean) => ({
      ...one,
      paragraphs: one.paragraphs.map((p) => ({ ...p, weight: { float, value: 1 } })),
    });
    await world.produce({ ...PRODUCTION, chapters: [withWeight(false), two] });
    await switched({ chapters: [withWeight(true)], links: [] }, [], {
      ...PRODUCTION,
      chapters: [withWeight(true), two],
    });
  });

  it('is refused to any other token, and changes nothing then', async () => {
    await world.stage({ chapters: [plainChapter('x:ch1', ['9'])], links: [] });
    const mark = (await world.store.mark()).value;
    const other = { token: 'another', removed: ['x:ch2'] };
    expect((await failureOf(world.store.switchStaged(other))).code).toBe('FENCED');
    expect((await world.store.mark()).value).toBe(mark);
    await world.store.revokeFence(TOKEN);
    expect((await failureOf(world.switch())).code).toBe('FENCED');
    await graphIs(PRODUCTION);
  });

  it('takes nothing of a switch back that a placeholder without a target ends', async () => {
    const links = [{ type: 'CITES', from: 'x:ch1:9', to: 'x:ch2:77' }];
    await world.stage({ chapters: [plainChapter('x:ch1', ['9'])], links });
    expect((await failureOf(world.switch())).code).toBe('STAGING_UNFIT');
    await graphIs(PRODUCTION);
  });
});

describe('a switch with a transaction for each chapter', () => {
  const next = { chapters: [plainChapter('x:ch1', ['2', '5']), plainChapter('x:ch3', ['1', '2'])] };
  const links = [
    { type: 'CITES', from: 'x:ch1:5', to: 'x:ch3:1' },
    { type: 'CITES', from: 'x:ch3:2', to: 'x:ch1:2' },
  ];
  const after: Book = { chapters: next.chapters, links };

  it('comes to the same, links between chapters that are both new included', async () => {
    await world.stage({ ...next, links });
    expect(await world.switchOneByOne(['x:ch2'])).toMatchObject({ transactions: 3 });
    await graphIs(after);
    expect(await world.graph.count('MATCH (n:staging) RETURN count(n)')).toBe(0);
  });

  it('that is stopped after each of its transactions goes on from there', async () => {
    await world.stage({ ...next, links });
    const chapters: string[][] = [];
    for (let tries = 0; tries < 5; tries++) {
      const stop = new AbortController();
      const control = { signal: stop.signal, onProgress: () => stop.abort(new Error('killed')) };
      const ended = await world.switchOneByOne(['x:ch2'], control).catch((error: unknown) => error);
      const rows = await world.graph.rows(`MATCH (p:Paragraph) RETURN p.chunk_id AS id ORDER BY id`);
      chapters.push(rows.map(({ id }) => String(id)));
      // Plain readers never meet what is still staged.
      expect(await world.graph.count('MATCH (n:HfvTest)--(m) WHERE m:staging RETURN count(*)')).toBe(0);
      if (!(ended instanceof Error)) break;
    }
    expect(chapters[0]).toEqual(['x:ch1:2', 'x:ch1:5', 'x:ch2:1', 'x:ch2:2']);
    expect(chapters[1]).toEqual(['x:ch1:2', 'x:ch1:5', 'x:ch2:1', 'x:ch2:2', 'x:ch3:1', 'x:ch3:2']);
    await graphIs(after);
  });

  it('keeps a textbook that loses its last chapter before it gains another', async () => {
    await world.produce({ chapters: [one], links: [] });
    const [before] = await world.graph.rows(`MATCH (t:Textbook {id: 'x'}) RETURN elementId(t) AS id`);
    const next = [
      { ...one, textbook: 'z' },
      { ...plainChapter('x:ch9', ['1']), textbook: 'x' },
    ];
    await world.stage({ chapters: next, links: [] });
    expect(await world.switchOneByOne()).toMatchObject({ transactions: 2 });
    await graphIs({ chapters: next, links: [] });
    expect(await world.graph.rows(`MATCH (t:Textbook {id: 'x'}) RETURN elementId(t) AS id`)).toEqual([before]);
  });
});
