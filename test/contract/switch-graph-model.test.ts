import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { insideOf } from '../../domain/chapter-digest';
import type { GraphSwitched } from '../../stores/ports';
import { rowsOf, wordsOf, wordsOfGraph } from './support/books';
import { change, outcomeOf, type Change } from './support/random-books';
import { answersOf, foretoldOf, StagedWorld } from './support/staged-world';

jest.setTimeout(600_000);

const SEED = Number(process.env.FC_SEED ?? Date.now() % 1_000_000);
const RUNS = Number(process.env.FC_RUNS ?? 6);

let world: StagedWorld;
let folder: string;

beforeAll(async () => {
  world = await StagedWorld.make();
  folder = await mkdtemp(path.join(tmpdir(), 'switch-model-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await world.close();
});

const sizes = async () => [
  await world.graph.count('MATCH (n:HfvTest) RETURN count(n)'),
  await world.graph.count('MATCH (:HfvTest)-[r]->(:HfvTest) RETURN count(r)'),
];
/** Paragraphs with what they are to the server, which no content shows. */
const identities = async () => {
  const rows = await world.graph.rows('MATCH (p:Paragraph) RETURN p.chunk_id AS chunkId, elementId(p) AS id');
  return new Map(rows.map(({ chunkId, id }) => [chunkId, id]));
};

/** A transaction at a time, each time anew, until nothing is left. */
async function killedAgainAndAgain(removed: string[]): Promise<GraphSwitched[]> {
  const counts: GraphSwitched[] = [];
  for (let tries = 0; tries < 20; tries++) {
    const stop = new AbortController();
    const control = { signal: stop.signal, onProgress: () => stop.abort(new Error('killed')) };
    try {
      counts.push(await world.switchOneByOne(removed, control));
      return counts;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      expect(await world.graph.count('MATCH (n:HfvTest)--(m:staging) RETURN count(*)')).toBe(0);
    }
  }
  throw new Error('a switch that is repeated comes to no end');
}

async function tryOut(one: Change): Promise<void> {
  const { production, staged, removed, oneByOne } = one;
  const after = outcomeOf(one);
  await world.produce(production);
  await world.graph.rows('MATCH (p:Paragraph) SET p:v1_baseline');
  await world.stage(staged);
  await world.store.assertStagingFits(removed);
  const foretold = foretoldOf(await world.store.stagedFingerprint());
  const checks = await answersOf(world.store.stagedChecks(removed));
  const [before, ids] = [await sizes(), await identities()];
  if (oneByOne) await killedAgainAndAgain(removed);
  else {
    const counts = await world.switch(removed);
    const [nodes = 0, links = 0] = before;
    expect(await sizes()).toEqual([
      nodes + counts.nodesCreated - counts.nodesDeleted,
      links + counts.relationshipsCreated - counts.relationshipsDeleted,
    ]);
  }
  expect(await wordsOfGraph(world.graph)).toEqual(wordsOf(rowsOf(after)));
  for (const [chunkId, id] of await identities()) if (ids.has(chunkId)) expect(id).toBe(ids.get(chunkId));
  const labelled = await world.graph.rows('MATCH (p:v1_baseline) RETURN p.chunk_id AS id');
  expect(labelled.map(({ id }) => id).sort()).toEqual(
    [...(await identities()).keys()].filter((id) => ids.has(id)).sort(),
  );
  const groups = await world.groups();
  expect(foretold.map(({ group }) => groups.get(group))).toEqual(foretold);
  const chapters = staged.chapters.map(({ id }) => id);
  expect(foretold.map(({ group }) => group).sort()).toEqual([...chapters, ...chapters.map(insideOf)].sort());
  expect(await answersOf(world.store)).toEqual(checks);
  const file = path.join(folder, `${Date.now()}-${Math.random()}.gz`);
  await world.store.exportTo(file);
  expect(await answersOf(world.store.exportChecks(file))).toEqual(checks);
}

it(`any change of any graph comes to what was foretold (seed ${SEED})`, async () => {
  await fc.assert(fc.asyncProperty(change, tryOut), {
    seed: SEED,
    numRuns: RUNS,
    endOnFailure: process.env.FC_SHRINK === undefined,
  });
});
