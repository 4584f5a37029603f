import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { ActivityDeps } from '../../activities';
import type { DrillInput } from '../../domain/drill';
import { HybridFlowError } from '../../domain/errors';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { drillVersion } from '../../workflows';
import { BASELINE, RestoreWorld } from '../support/fakes/restore-world';
import { failureOf } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(120_000);

const fakes = fakeWorkers('drill', () => new RestoreWorld().deps());

const start = (deps: ActivityDeps, input: DrillInput | null) =>
  fakes.start<typeof drillVersion>('drillVersion', deps, [input]);

const run = async (deps: ActivityDeps, input: DrillInput) => (await start(deps, input)).result();
const logged = ({ registry }: RestoreWorld) => registry.log.filter(({ operation }) => operation.type === 'drill');
const outcomeKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome, SearchAttributeType.KEYWORD);
const baseKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.base, SearchAttributeType.KEYWORD);

test('a sound version passes, is kept, and leaves nothing beside production', async () => {
  const world = new RestoreWorld();
  const handle = await start(world.deps(), { versionId: BASELINE, base: 'test', startedBy: 'me' });
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ passed: true, versionId: BASELINE, base: 'test', startedBy: 'me', notes: [] });
  expect(outcome.stores.map(({ store, passed }) => [store, passed])).toEqual([
    ['sqlite', true],
    ['qdrant', true],
    ['neo4j', true],
  ]);
  expect(outcome.checks).toHaveLength(7);
  expect([world.asides.size, world.restored, world.claim]).toEqual([0, [], undefined]);
  expect(logged(world)).toMatchObject([{ versionId: BASELINE, operation: { status: 'success' } }]);
  expect([...world.reports.keys()]).toEqual([
    expect.stringMatching(new RegExp(`^${BASELINE}/drill-\\d{8}T\\d{6}Z\\.json$`)),
    expect.stringMatching(/\.md$/),
  ]);
  const { typedSearchAttributes } = await handle.describe();
  expect(typedSearchAttributes.get(outcomeKey)).toBe('restorable');
  // By the base a client finds the change that holds it.
  expect(typedSearchAttributes.get(baseKey)).toBeUndefined();
});

test('a version that cannot be restored is a result that shows, and is logged as failed', async () => {
  const world = new RestoreWorld();
  world.damage(BASELINE, 'qdrant');
  const handle = await start(world.deps(), { versionId: BASELINE });
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ passed: false, checks: [] });
  expect(outcome.stores.filter(({ passed }) => !passed).map(({ store }) => store)).toEqual(['qdrant']);
  expect(logged(world)).toMatchObject([{ operation: { status: 'failed', details: { failed: ['qdrant'] } } }]);
  expect((await handle.describe()).typedSearchAttributes.get(outcomeKey)).toBe('not_restorable');
});

test('a critical check that fails fails the drill, a warning does not', async () => {
  const world = new RestoreWorld();
  const deps = world.deps();
  const { exportChecks } = deps.graph;
  const broken = { total: 2, samples: ['a', 'b'] };
  deps.graph.exportChecks = (file) => ({
    ...exportChecks(file),
    brokenChains: async () => ({ ...broken, chapters: 3 }),
  });
  expect((await run(deps, { versionId: BASELINE })).passed).toBe(true);
  deps.graph.exportChecks = (file) => ({ ...exportChecks(file), orphans: async () => broken });
  expect((await run(deps, { versionId: BASELINE })).passed).toBe(false);
});

test('latest-copy can be drilled: it is no row of the registry', async () => {
  const world = new RestoreWorld();
  expect(await run(world.deps(), { versionId: LATEST_COPY })).toMatchObject({ passed: true, notes: [] });
  expect(logged(world)).toMatchObject([{ versionId: null, operation: { details: { versionId: LATEST_COPY } } }]);
});

test('what cannot be kept is noted, and the drill told all the same', async () => {
  const world = new RestoreWorld();
  const deps = world.deps();
  deps.artifacts.writeReport = () => Promise.reject(new Error('disk full, said s3cret'));
  const outcome = await run(deps, { versionId: BASELINE });
  expect(outcome).toMatchObject({ passed: true, reportPath: null });
  expect(outcome.notes).toEqual(['the report was not written: disk full, said ***']);
  expect(logged(world)).toHaveLength(1);
});

test('an outage is retried, with side targets of its own, and nothing of the first try stays', async () => {
  const world = new RestoreWorld();
  const deps = world.deps();
  const { fingerprint } = deps.vectors;
  const sides: string[] = [];
  deps.vectors.fingerprint = async (options, control) => {
    if (options?.collection) sides.push(options.collection);
    if (sides.length === 1) throw new HybridFlowError('QDRANT_UNREACHABLE', { found: 'nobody there' });
    return fingerprint(options, control);
  };
  const dropped: string[] = [];
  deps.vectors.dropAside = async (name) => {
    dropped.push(name);
    // The worker was killed before it could clear up after the first try.
    if (dropped.length > 1) world.asides.delete(name);
  };
  expect((await run(deps, { versionId: BASELINE })).passed).toBe(true);
  expect(new Set(sides).size).toBe(2);
  expect(world.asides.size).toBe(0);
});

test('a service that stays down ends the drill with its own code, and the side targets are cleared', async () => {
  const world = new RestoreWorld();
  const deps = world.deps();
  deps.graph.fingerprintExport = () => Promise.reject(new HybridFlowError('NEO4J_REFUSED', { found: 'no' }));
  expect((await failureOf((await start(deps, { versionId: BASELINE })).result())).code).toBe('NEO4J_REFUSED');
  expect([world.asides.size, logged(world)]).toEqual([0, []]);
});

test.each<[string, string, object | null]>([
  ['CONFIG_INVALID', 'no version at all', null],
  ['CONFIG_INVALID', 'a name that is none', { versionId: '../etc' }],
  ['CONFIG_INVALID', 'no store', { versionId: LATEST_COPY, stores: [] }],
  ['CONFIG_INVALID', 'a store that is none', { versionId: LATEST_COPY, stores: ['mysql'] }],
  ['CONFIG_INVALID', 'another base', { versionId: LATEST_COPY, base: 'theirs' }],
  ['VERSION_UNKNOWN', 'a version that is not there', { versionId: 'v7_minor_20260102_030405' }],
])('%s: %s', async (code, _, input) => {
  const world = new RestoreWorld();
  expect((await failureOf((await start(world.deps(), input as DrillInput)).result())).code).toBe(code);
  expect(logged(world)).toEqual([]);
});

test('a disk without room for the side targets is refused, and those that take no room are drilled all the same', async () => {
  const world = new RestoreWorld();
  // An artifact is a byte each: metadata.db is copied once, the snapshot is stored and unpacked.
  world.freeBytes = 2;
  const failure = await failureOf((await start(world.deps(), { versionId: BASELINE })).result());
  expect(failure).toMatchObject({ code: 'DISK_TOO_SMALL', message: expect.stringContaining('3 bytes') as string });
  expect([world.asides.size, logged(world), world.reports.size]).toEqual([0, [], 0]);
  expect((await run(world.deps(), { versionId: BASELINE, stores: ['qdrant'] })).stores).toMatchObject([
    { passed: true },
  ]);
  world.freeBytes = 3;
  expect((await run(world.deps(), { versionId: BASELINE })).passed).toBe(true);
});

test('an archived version, and one of another base, are refused by name', async () => {
  const world = new RestoreWorld();
  world.register('v2_minor_20260102_030405', 'archived');
  world.seal('archived/v2_minor_20260102_030405', 'second');
  world.register('v3_minor_20260103_030405');
  world.seal('v3_minor_20260103_030405', 'third', { base: 'theirs' });
  const code = async (versionId: string) => (await failureOf((await start(world.deps(), { versionId })).result())).code;
  expect(await code('v2_minor_20260102_030405')).toBe('VERSION_ARCHIVED');
  expect(await code('v3_minor_20260103_030405')).toBe('FOREIGN_BASE');
});

test('an archived version that was brought back beside the others is drilled, and stays archived', async () => {
  const world = new RestoreWorld();
  const versionId = 'v2_minor_20260102_030405';
  world.register(versionId, 'archived');
  world.seal(versionId, 'second');
  expect(await (await start(world.deps(), { versionId })).result()).toMatchObject({ passed: true, versionId });
  expect(world.registry.find(versionId)?.status).toBe('archived');
});
