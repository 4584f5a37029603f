import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failureOf } from '../support/errors';
import { plainChapter, type Book } from './support/books';
import { answersOf, StagedWorld } from './support/staged-world';

jest.setTimeout(120_000);

const BOOK: Book = {
  chapters: [plainChapter('x:ch1', ['1', '2', '10']), plainChapter('x:ch2', ['1', '2'])],
  links: [{ type: 'NEXT', from: 'x:ch1:10', to: 'x:ch2:1' }],
};
/** Each breaks one rule of the checks. */
const BREAKS = {
  'nothing more': 'RETURN 1',
  'a paragraph without a parent': `MATCH (:Paragraph {chunk_id: 'x:ch1:2'})<-[r:HAS_PARAGRAPH]-() DELETE r`,
  'a section that no chapter reaches': `MATCH (:Section {id: 'x:ch1:s1'})<-[r:HAS_SECTION]-() DELETE r`,
  'sections in a circle': `MATCH (a:Section {id: 'x:ch1:s1'})<-[r:HAS_SECTION]-(), (b:Subsection {id: 'x:ch1:s2'}) DELETE r
     CREATE (b)-[:HAS_SECTION]->(a)`,
  'a chain that is broken': `MATCH (:Paragraph {chunk_id: 'x:ch1:1'})-[r:NEXT]->() DELETE r`,
  'a chain in a circle': `MATCH (a:Paragraph {chunk_id: 'x:ch2:2'}), (b:Paragraph {chunk_id: 'x:ch2:1'})
     CREATE (a)-[:NEXT]->(b), (b)-[:PREV]->(a)`,
  'cross references of every kind': `MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id
     WITH collect(p) AS ps, ['[]', '{}', 'no', 7, ['x']] AS values
     FOREACH (i IN [0, 1, 2] | SET (ps[i]).cross_references = values[i])
     FOREACH (p IN [ps[3]] | SET p.cross_references = 7) FOREACH (p IN [ps[4]] | SET p.cross_references = ['x'])`,
  'what is staged, and the fence': `MATCH (c:Chapter {id: 'x:ch1'})
     CREATE (c)-[:HAS_PARAGRAPH]->(:StagedHfvTest:Paragraph:staging {chunk_id: 'x:ch1:99'})`,
};

let world: StagedWorld;
let folder: string;

beforeAll(async () => {
  world = await StagedWorld.make();
  folder = await mkdtemp(path.join(tmpdir(), 'export-checks-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await world.close();
});
beforeEach(() => world.produce(BOOK));

describe('the checks of an export', () => {
  it.each(Object.entries(BREAKS))('answer as those of the graph: %s', async (name, query) => {
    await world.graph.rows(query);
    const file = path.join(folder, `${name}.gz`);
    await world.store.exportTo(file);
    const live = await answersOf(world.store);
    await world.graph.rows('MATCH (p:Paragraph) SET p.text = null');
    expect(await answersOf(world.store.exportChecks(file))).toEqual(live);
  });

  it('name a paragraph without a chunk_id by its place in the file', async () => {
    await world.graph.rows(
      `CREATE (:HfvTest:Paragraph {chunk_id: 7}), (:HfvTest:Paragraph {chunk_id: ''}), (:HfvTest:Paragraph)`,
    );
    const file = path.join(folder, 'unnamed.gz');
    await world.store.exportTo(file);
    const answers = await answersOf(world.store.exportChecks(file));
    expect(answers).toMatchObject({ paragraphs: 8, unnamed: 3, orphans: { total: 3 } });
    expect((answers.orphans as { samples: string[] }).samples[0]).toMatch(/^\d+: no node parent$/);
  });

  it('are refused for a file that is not whole, each time', async () => {
    const file = path.join(folder, 'damaged.gz');
    await writeFile(file, 'no export');
    const checks = world.store.exportChecks(file);
    expect((await failureOf(checks.paragraphs())).code).toBe('ARTIFACT_DAMAGED');
    expect((await failureOf(checks.orphans())).code).toBe('ARTIFACT_DAMAGED');
  });

  it('stop when told to, and answer the next time', async () => {
    const file = path.join(folder, 'stopped.gz');
    await world.graph.rows(`UNWIND range(1, 2500) AS i CREATE (:HfvTest {i: i})`);
    await world.store.exportTo(file);
    const checks = world.store.exportChecks(file);
    const reason = new Error('told to stop');
    await expect(checks.orphans({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await checks.orphans()).toEqual({ total: 0, samples: [] });
  });
});
