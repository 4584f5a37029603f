import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import type { ConsistencyStatement } from '../../domain/consistency';
import type { PublishInput, PublishOutcome } from '../../domain/publish';
import { LATEST_COPY } from '../../domain/version-id';
import { PublishWorld } from '../support/fakes/publish-world';
import { BASELINE, contentOf } from '../support/fakes/restore-world';
import { publishRuns } from '../support/fake-publishing';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(120_000);

const OTHER = 'v2_minor_20260102_000000';
const runs = publishRuns('publish-statement');

async function published(world: PublishWorld, deps = world.deps(), input: PublishInput = {}): Promise<PublishOutcome> {
  const handle = await runs.open(deps, input);
  world.ingest('the new edition');
  await handle.executeUpdate('stagingReady', { args: [{ by: 'ann' }] });
  return handle.result();
}

describe('the statement in the manifest of what was promoted', () => {
  const statementOf = (world: PublishWorld, { versionId }: PublishOutcome) =>
    world.folders.get(versionId)?.manifest?.consistency as ConsistencyStatement | undefined;

  test('says that each artifact is what was validated', async () => {
    const world = new PublishWorld();
    const outcome = await published(world);
    const statement = statementOf(world, outcome);
    expect(statement?.stores.map((one) => [one.asValidated, one.countsUnchanged])).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ]);
    expect(outcome).toMatchObject({ proven: true, warnings: [] });
    // When the fakes captured is not between their marks.
    expect(statement?.verdict).toBe('skew');
  });

  test.each<[string, (deps: ActivityDeps, world: PublishWorld) => void, string]>([
    [
      'a store is written to between the commit and its capture',
      ({ graph }, world) => {
        const { exportTo } = graph;
        graph.exportTo = async (...given) => (world.contaminate('neo4j'), exportTo(...given));
      },
      'the content of neo4j is not what was validated',
    ],
    [
      'a store has another number of points when the captures have ended',
      ({ vectors }, world) => {
        const { deleteSnapshot } = vectors;
        vectors.deleteSnapshot = async (name) => (void (world.points += 1), deleteSnapshot(name));
      },
      'the counts of qdrant changed while the stores were captured',
    ],
  ])('is inconsistent where %s; it is committed all the same', async (_, spoil, text) => {
    const world = new PublishWorld();
    const deps = world.deps();
    spoil(deps, world);
    const outcome = await published(world, deps);
    expect(statementOf(world, outcome)).toMatchObject({ verdict: 'inconsistent', text });
    expect(outcome).toMatchObject({ outcome: 'committed', consistency: { verdict: 'inconsistent' } });
    expect(outcome.warnings).toContainEqual(expect.stringContaining(text));
  });

  test('is made again by whoever seals it after an outage, of what was captured then', async () => {
    const world = new PublishWorld();
    const deps = world.deps();
    const { seal } = deps.artifacts;
    let outages = 1;
    deps.artifacts.seal = async (...given) => {
      if (outages-- > 0) throw new HybridFlowError('ARTIFACT_WRITE_FAILED', { found: 'injected' });
      return seal(...given);
    };
    expect(statementOf(world, await published(world, deps))?.stores[0]?.asValidated).toBe(true);
  });
});

describe('before anything is modified', () => {
  const untouched = (world: PublishWorld) => {
    expect([world.holds, world.staged, world.claim]).toEqual([contentOf(world.content), null, undefined]);
    expect([...world.folders.keys()].filter((name) => name.startsWith('v3'))).toEqual([]);
    expect(world.registry.rows.map(({ status }) => status)).not.toContain('pending');
  };

  test('a disk that has no room for what a version takes twice is refused', async () => {
    const world = new PublishWorld();
    // Three artifacts of a byte each: of latest-copy and of the version.
    world.freeBytes = 5;
    const failure = await failureOf((await runs.start(world.deps())).result());
    expect(failure).toMatchObject({ code: 'DISK_TOO_SMALL', message: expect.stringContaining('6 bytes') as string });
    untouched(world);
    world.freeBytes = 6;
    expect((await published(world)).outcome).toBe('committed');
  });

  test.each<[string, string, string, (world: PublishWorld) => void]>([
    ['a version of another base', OTHER, 'FOREIGN_BASE', (world) => world.seal(OTHER, 'theirs', { base: 'theirs' })],
    ['a version that was never sealed', OTHER, 'ARTIFACT_DAMAGED', () => undefined],
  ])('%s cannot be begun with', async (_, from, code, prepare) => {
    const world = new PublishWorld();
    world.register(from);
    prepare(world);
    const failure = await failureOf((await runs.start(world.deps(), { from })).result());
    expect(failure.code).toBe(code);
    untouched(world);
  });

  test('nor production, where its copy is one of another base', async () => {
    const world = new PublishWorld();
    world.seal(LATEST_COPY, world.content, { versionId: BASELINE, base: 'theirs' });
    const failure = await failureOf((await runs.start(world.deps())).result());
    expect(failure).toMatchObject({ code: 'FOREIGN_BASE', message: expect.stringContaining('theirs') as string });
    untouched(world);
  });
});

test('staging that begins empty is filled from nothing, and may be promoted', async () => {
  const world = new PublishWorld();
  const deps = world.deps();
  const prepared: unknown[] = [];
  const { metadata, vectors, graph } = deps;
  const { prepareStaging } = vectors;
  const inSqlite = metadata.prepareStaging;
  metadata.prepareStaging = (from, lease) => (prepared.push(['sqlite', from]), inSqlite(from, lease));
  vectors.prepareStaging = (from, ...rest) => (prepared.push(['qdrant', from]), prepareStaging(from, ...rest));
  graph.stageFromExport = () => Promise.reject(new Error('nothing is staged from an export'));
  const outcome = await published(world, deps, { from: 'empty' });
  expect(prepared.sort()).toEqual([
    ['qdrant', 'empty'],
    ['sqlite', 'empty'],
  ]);
  expect(outcome).toMatchObject({ outcome: 'committed', from: 'empty' });
  expect(world.journal.entries).toMatchObject([{ details: { from: 'empty' } }]);
});
