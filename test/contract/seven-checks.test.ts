import { runProgram } from '../../client/program';
import type { ChecksView } from '../../client/render/checks';
import { runChecks } from '../../inspection/checks';
import type { Stores } from '../../stores/ports';
import { failureOf } from '../support/errors';
import { useStack } from '../support/stack';
import { CHAPTERS, CheckedBase, COLLECTION, failedOf, PARAGRAPHS } from './support/checked-base';

jest.setTimeout(120_000);

// One sound base for all: whatever a test here adds it takes away again.
let kb: CheckedBase;

beforeAll(async () => {
  kb = await CheckedBase.make();
});
afterAll(() => kb.close());

test('a sound base passes all seven, with numbers', async () => {
  const results = await kb.run();
  expect(failedOf(results)).toEqual([]);
  expect(results.map(({ number, severity, actual }) => [number, severity, actual])).toEqual([
    [1, 'critical', '3 (bailey 1, sabiston 1, schwartz 1)'],
    [2, 'critical', '120 points, 120 paragraphs'],
    [3, 'critical', '3 chapters with chunks, 120 points'],
    [4, 'critical', '120 in both'],
    [5, 'critical', '120 of 120 paragraphs'],
    [6, 'warning', '0 breaks in 3 chapters'],
    [7, 'warning', expect.stringMatching(/^0 of \d+ invalid, \d+ null$/)],
  ]);
  expect(results.every(({ offenders }) => offenders?.total === 0 && offenders.samples.length === 0)).toBe(true);
  expect(results.every(({ durationMs }) => Number.isInteger(durationMs))).toBe(true);
});

test('each check runs alone, and there is no eighth', async () => {
  for (let number = 1; number <= 7; number++) {
    expect((await kb.run({ only: [number] })).map((one) => [one.number, one.passed])).toEqual([[number, true]]);
  }
  expect((await kb.run({ only: [7, 2] })).map(({ number }) => number)).toEqual([2, 7]);
  expect((await failureOf(kb.run({ only: [2, 8] }))).code).toBe('CONFIG_INVALID');
});

test('progress is told, never backwards, and work stops when told to', async () => {
  const told: number[] = [];
  await kb.run({ control: { onProgress: (done) => told.push(done) } });
  expect(told.at(-1)).toBeGreaterThanOrEqual(3 * PARAGRAPHS);
  expect([...told].sort((a, b) => a - b)).toEqual(told);
  await expect(kb.run({ control: { signal: AbortSignal.abort(new Error('enough')) } })).rejects.toThrow('enough');
});

test('production is read through an alias, and without what is being staged', async () => {
  const alias = (action: string, names: object) =>
    kb.base.qdrant('POST', '/collections/aliases', { actions: [{ [action]: { alias_name: 'live', ...names } }] });
  await alias('create_alias', { collection_name: COLLECTION });
  await kb.base.cypher(
    `MATCH (p:Paragraph {chunk_id: $id})
     CREATE (:Chapter:staging {id: 'bailey:ch9'})-[:HAS_SECTION]->(:Section:staging {id: 'bailey:ch9:s1'})
     CREATE (s:Paragraph:staging {chunk_id: 'bailey:ch9:1.1', cross_references: 'no'})
     CREATE (s)-[:NEXT]->(p), (p)-[:NEXT]->(s), (p)-[:PREV]->(s)`,
    { id: kb.id(3) },
  );
  try {
    expect(failedOf(await kb.run({ expected: CHAPTERS, vectors: kb.vectorsOf('live') }))).toEqual([]);
  } finally {
    await alias('delete_alias', {});
    await kb.base.cypher('MATCH (n:staging) DETACH DELETE n');
  }
});

describe('the number of chapters', () => {
  test('comes from the configuration where no version is committed, and else from nowhere', async () => {
    const [unstated] = await kb.run({ only: [1] });
    expect(unstated).toMatchObject({ passed: true, expected: 'no stated count' });
    const [stated] = await kb.run({ only: [1], expectedChapters: 4 });
    expect(stated).toMatchObject({ passed: false, expected: '4 (configuration)' });
    expect(stated?.offenders?.samples).toEqual(['in all: 3 instead of 4']);
  });

  test('comes from the version that production is: from its manifest, else from its row', async () => {
    await kb.using(async (stores) => {
      const row = (versionId: string, status: string, chapterCount: number) => ({ versionId, status, chapterCount });
      const rows = [row('v1', 'committed', 7), row('v2', 'committed', 9), row('v3', 'committed', 1)];
      const journal = { current: () => ({ versionId: 'v2' }) } as unknown as Stores['metadata']['journal'];
      const manifests = new Map([['v2', { counts: { chapters: 3, chaptersPerTextbook: { bailey: 3 } } }]]);
      const registry = { list: () => rows } as unknown as Stores['metadata']['registry'];
      const artifacts = { readManifest: async (name: string) => manifests.get(name) } as unknown as Stores['artifacts'];
      const asked = { ...stores, artifacts, metadata: { ...stores.metadata, registry, journal } };
      const first = async () => (await runChecks(asked, { only: [1], expectedChapters: 50 }))[0];
      expect(await first()).toMatchObject({ passed: false, expected: '3 (bailey 3) (v2)' });
      manifests.clear();
      expect(await first()).toMatchObject({ passed: false, expected: '9 (v2)' });
    });
  });
});

describe('Qdrant', () => {
  test('handing out nothing, although it counts its points, fails 3 and 4', async () => {
    const empty = { result: { points: [], next_page_offset: null }, status: 'ok', time: 0 };
    const four = await kb.relayed(
      (path) => (path.includes('/points/scroll') ? { kind: 'answer', status: 200, body: empty } : { kind: 'pass' }),
      (vectors) => kb.failing([3, 4], 4, { expected: CHAPTERS, vectors }),
    );
    expect(four.offenders?.samples).toContain('Qdrant counts 120 points and hands out 0');
  });

  test('out of reach ends the checks with that, and not with a verdict', async () => {
    const down = { kind: 'answer', status: 503, body: { status: { error: 'down' } } } as const;
    const failure = await kb.relayed(
      () => down,
      (vectors) => failureOf(kb.run({ vectors })),
    );
    expect(failure.code).toBe('QDRANT_UNREACHABLE');
  });
});

describe('hfv validate', () => {
  const hfv = async (...argv: string[]) => {
    const { envFile } = await useStack();
    const printed = { stdout: '', stderr: '' };
    const stream = (name: keyof typeof printed) => ({ write: (text: string) => void (printed[name] += text) });
    const env = { HYBRIDFLOW_STACK_ENV: envFile };
    const world = { stdout: stream('stdout'), stderr: stream('stderr'), env, cwd: '/' };
    return { exit: await runProgram(['validate', ...argv], world), ...printed };
  };
  const view = (stdout: string) => JSON.parse(stdout) as ChecksView;

  test('is 0 for a valid base, 5 where a critical check fails, 8 where a store is out of reach', async () => {
    const sound = await hfv('--json');
    expect([sound.exit, view(sound.stdout).passed, view(sound.stdout).checks.length]).toEqual([0, true, 7]);
    const bad = await hfv('--json', '--qdrant-collection', 'nowhere');
    expect([bad.exit, bad.stdout.includes('COLLECTION_MISSING')]).toEqual([2, true]);
    expect((await hfv('--neo4j-uri', 'bolt://127.0.0.1:1')).exit).toBe(8);
    await kb.base.cypher(`CREATE (:Paragraph {chunk_id: 'bailey:ch1:99.99'})`);
    const broken = await hfv('--check', '5', '--check', '2', '7');
    await kb.base.cypher(`MATCH (p {chunk_id: 'bailey:ch1:99.99'}) DELETE p`);
    expect(broken.exit).toBe(5);
    expect(broken.stdout).toContain('NOT valid: 2 critical checks failed');
    expect(broken.stdout).toContain('  bailey:ch1:99.99: no parent');
  });

  test('is 0 where only a warning fails, and prints it', async () => {
    await kb.base.cypher('MATCH (a:Paragraph {chunk_id: $id})-[r:PREV]->() DELETE r', { id: kb.id(1) });
    const { exit, stdout } = await hfv();
    await kb.link('PREV', kb.id(1), kb.id(0));
    expect(exit).toBe(0);
    expect(stdout).toContain('valid, 1 warning');
    expect(stdout).toContain(`${kb.id(0)} has NEXT to ${kb.id(1)}, which has no PREV back`);
  });
});
