import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import type { RestoreInput, RestoreOutcome } from '../../domain/restore';
import { LATEST_COPY } from '../../domain/version-id';
import type { restoreVersion } from '../../workflows';
import { BASELINE, contentOf, RestoreWorld } from '../support/fakes/restore-world';
import { withFaults, type Fault } from '../support/faults';
import { expectTidy, SECOND, secondVersion } from '../support/fakes/second-version';
import { failureOf } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(120_000);

const fakes = fakeWorkers('restore', () => new RestoreWorld().deps());

const start = (deps: ActivityDeps, input: RestoreInput | null) =>
  fakes.start<typeof restoreVersion>('restoreVersion', deps, [input]);

const run = async (deps: ActivityDeps, input: RestoreInput | null) => (await start(deps, input)).result();
const failing = async (deps: ActivityDeps, input: RestoreInput | null) =>
  failureOf((await start(deps, input)).result());

test('a contaminated production becomes the baseline again, and what was there is saved', async () => {
  const world = new RestoreWorld();
  world.contaminate('sqlite', 'neo4j');
  const outcome = await run(world.deps(), { version: 'baseline', reason: 'a bad night', startedBy: 'ada' });
  expect(outcome).toMatchObject({
    ...{ outcome: 'restored', versionId: BASELINE, from: BASELINE, asked: 'baseline', proven: true, drift: null },
    ...{ stores: ['sqlite', 'qdrant', 'neo4j'], why: 'a bad night', startedBy: 'ada', recovery: null },
    keptIn: { qdrant: BASELINE },
  });
  expect(outcome.comparisons.map(({ store, same }) => [store, same])).toEqual([
    ['sqlite', true],
    ['qdrant', true],
    ['neo4j', true],
  ]);
  expect(world.holds).toEqual(contentOf('as it was'));
  const rescue = world.folders.get(outcome.rescue ?? '');
  expect([...(rescue?.files ?? [])].sort()).toEqual([
    ...['metadata.db', 'metadata.fingerprint.txt', 'neo4j.fingerprint.txt'],
    ...['neo4j.jsonl.gz', 'neo4j.saved.json', 'sqlite.saved.json'],
  ]);
  expect(world.registry.log.filter(({ operation }) => operation.type === 'restore')).toMatchObject([
    {
      versionId: BASELINE,
      operation: { status: 'success', details: { by: 'ada', reason: 'a bad night', from: BASELINE, proven: true } },
    },
  ]);
  expect(world.reports.get(`${BASELINE}/restore-${world.journal.entries[0]?.runId}.md`)).toContain('a bad night');
  expectTidy(world);
});

test('an older version becomes production and latest-copy, under the fence, and every paragraph carries its label', async () => {
  const world = secondVersion();
  const outcome = await run(world.deps(), { version: BASELINE });
  expect(outcome).toMatchObject({ versionId: BASELINE, previousVersionId: SECOND, rescue: null, proven: true });
  expect(outcome.keptIn).toEqual({ sqlite: SECOND, qdrant: SECOND, neo4j: SECOND });
  expect(world.holds).toEqual(contentOf('as it was'));
  expect(world.folders.get(LATEST_COPY)?.manifest).toMatchObject({
    versionId: BASELINE,
    artifacts: [{ linkedFrom: BASELINE }, { linkedFrom: BASELINE }, { linkedFrom: BASELINE }],
  });
  expect(world.journal.entries.at(-1)).toMatchObject({ kind: 'restore', state: 'done', versionId: BASELINE });
  expect([world.labelled.size, world.writeFence.heldBy.length > 0]).toEqual([25, true]);
  expectTidy(world);
});

test('latest-copy is the version that its manifest names', async () => {
  const world = secondVersion();
  world.contaminate('qdrant');
  const outcome = await run(world.deps(), { version: 'latest-copy' });
  expect(outcome).toMatchObject({ asked: 'latest-copy', from: SECOND, versionId: SECOND, proven: true });
  expect(world.holds).toEqual(contentOf('second'));
});

test('a damaged latest-copy: disaster recovery from the baseline, said loudly', async () => {
  const world = secondVersion();
  world.damage(LATEST_COPY);
  const outcome = await run(world.deps(), { version: 'latest-copy' });
  expect(outcome).toMatchObject({ versionId: BASELINE, proven: true });
  expect(outcome.recovery).toMatch(/latest-copy is damaged .*neo4j\.jsonl\.gz.*disaster recovery from v1_baseline/);
  expect(outcome.warnings).toContain(outcome.recovery);
  expect(outcome.warnings.join()).toContain(`hfv restore ${SECOND}`);
  expect(world.holds).toEqual(contentOf('as it was'));
  expect(world.folders.get(LATEST_COPY)?.files.has('neo4j.jsonl.gz')).toBe(true);
});

describe('some stores only', () => {
  test('of the current version: no drift, and latest-copy stays', async () => {
    const world = secondVersion();
    world.contaminate('qdrant');
    const before = world.folders.get(LATEST_COPY);
    const outcome = await run(world.deps(), { version: SECOND, stores: ['qdrant'] });
    expect(outcome).toMatchObject({ stores: ['qdrant'], proven: true, drift: { chapters: 0 }, latestCopyPath: null });
    expect([world.restored, world.holds]).toEqual([['qdrant'], contentOf('second')]);
    expect(world.folders.get(LATEST_COPY)).toBe(before);
    expectTidy(world);
  });

  test('of an older version: refused with the drift, unless it is accepted; production stays the version it was', async () => {
    const world = secondVersion();
    const refused = await failing(world.deps(), { version: BASELINE, stores: ['sqlite'] });
    expect(refused).toMatchObject({ code: 'CHECK_FAILED', message: expect.stringContaining('1 chapter') as string });
    expect([world.restored, world.journal.entries.length]).toEqual([[], 1]);
    expectTidy(world);
    const outcome = await run(world.deps(), { version: BASELINE, stores: ['sqlite'], acceptDrift: true });
    expect(outcome).toMatchObject({
      versionId: SECOND,
      from: BASELINE,
      drift: { chapters: 1, chunks: 25 },
      proven: true,
    });
    expect(world.journal.entries.at(-1)).toMatchObject({ versionId: SECOND, stores: ['sqlite'], state: 'done' });
    expect(world.holds).toEqual({ ...contentOf('second'), sqlite: contentOf('as it was').sqlite });
  });
});

test('an archived version that was brought back becomes production, and its row stays archived', async () => {
  const world = new RestoreWorld();
  world.register(SECOND, 'archived');
  const refused = await failing(world.deps(), { version: SECOND });
  expect([refused.code, refused.message]).toEqual([
    'VERSION_ARCHIVED',
    expect.stringContaining(`hfv unarchive ${SECOND}`) as string,
  ]);
  world.seal(SECOND, 'second');
  const outcome = await run(world.deps(), { version: SECOND });
  expect(outcome).toMatchObject({ outcome: 'restored', versionId: SECOND, proven: true });
  expect(world.holds).toEqual(contentOf('second'));
  expect(world.registry.find(SECOND)?.status).toBe('archived');
  expectTidy(world);
});

describe('refuses, and changes nothing', () => {
  const prepared: [string, RestoreInput | null, string, (world: RestoreWorld) => void][] = [
    ['no version', {}, 'CONFIG_INVALID', () => undefined],
    ['no input at all', null, 'CONFIG_INVALID', () => undefined],
    [
      'a store that there is none',
      { version: BASELINE, stores: ['mysql' as never] },
      'CONFIG_INVALID',
      () => undefined,
    ],
    ['a name that is none', { version: '../etc' }, 'VERSION_UNKNOWN', () => undefined],
    ['a version that nobody knows', { version: 'v9_minor_20260102_000000' }, 'VERSION_UNKNOWN', () => undefined],
    ['an archived version', { version: SECOND }, 'VERSION_ARCHIVED', (world) => world.register(SECOND, 'archived')],
    ['another base', { version: BASELINE }, 'FOREIGN_BASE', (world) => world.seal(BASELINE, 'x', { base: 'other' })],
    ['a damaged version', { version: BASELINE }, 'ARTIFACT_DAMAGED', (world) => world.damage(BASELINE)],
    [
      'a damaged latest-copy and a damaged baseline',
      { version: 'latest-copy' },
      'ARTIFACT_DAMAGED',
      (world) => [LATEST_COPY, BASELINE].forEach((folder) => world.damage(folder)),
    ],
    ['a disk that is full', { version: BASELINE }, 'DISK_TOO_SMALL', (world) => (world.freeBytes = 0)],
    [
      'a staging under way',
      { version: BASELINE },
      'BASE_BUSY',
      (world) => {
        world.register(SECOND, 'staging');
        world.openRuns.add(`run of ${SECOND}`);
      },
    ],
  ];

  test.each(prepared)('%s', async (_, input, code, prepare) => {
    const world = new RestoreWorld();
    prepare(world);
    const before = [...world.folders.keys()];
    const failure = await failing(world.deps(), input);
    expect([failure.code, world.restored, [...world.folders.keys()]]).toEqual([code, [], before]);
    expect([world.holds, world.journal.entries]).toEqual([contentOf('as it was'), []]);
    expectTidy(world);
  });

  test('a collection that is lost: it is said how it comes back', async () => {
    const deps = new RestoreWorld().deps();
    const lost = () => Promise.reject(new HybridFlowError('COLLECTION_MISSING', { found: 'it is lost' }));
    Object.assign(deps.vectors, { readMode: lost, listSnapshots: lost, inventory: lost, fingerprint: lost });
    expect(await failing(deps, { version: BASELINE })).toMatchObject({
      code: 'COLLECTION_MISSING',
      message: expect.stringContaining('make textbook_chunks anew and empty') as string,
    });
  });

  test('a version that fails a critical check aside', async () => {
    const world = new RestoreWorld();
    const deps = world.deps();
    const { exportChecks } = deps.graph;
    deps.graph.exportChecks = (file) => ({ ...exportChecks(file), paragraphs: async () => 24 });
    expect(await failing(deps, { version: BASELINE })).toMatchObject({ code: 'CHECK_FAILED' });
    expect([world.restored, world.journal.entries]).toEqual([[], []]);
    expectTidy(world);
  });
});

describe('fails before the commit', () => {
  test('somebody who writes during the restore is found, and production is what latest-copy holds', async () => {
    const world = secondVersion();
    world.afterRestore = (store) => {
      if (store === 'qdrant' && world.restored.length < 3) world.contaminate('qdrant');
    };
    const failure = await failing(world.deps(), { version: BASELINE });
    expect(failure).toMatchObject({
      code: 'ROLLED_BACK',
      message: expect.stringContaining('somebody else has written meanwhile') as string,
    });
    expect((failure.details[1] as RestoreOutcome).rollback).toMatchObject({ proven: true, left: [] });
    expect(world.holds).toEqual(contentOf('second'));
    expect(world.journal.entries.at(-1)).toMatchObject({ kind: 'restore', state: 'undone' });
    expect(world.folders.get(LATEST_COPY)?.manifest?.versionId).toBe(SECOND);
    expect(world.registry.log.slice(-2)).toMatchObject([
      {
        versionId: BASELINE,
        operation: { type: 'post_mortem', status: 'success', details: { proven: true, left: [] } },
      },
      { versionId: BASELINE, operation: { type: 'restore', status: 'failed' } },
    ]);
    expectTidy(world);
  });

  test('what was not yet in any version is taken back too, and the store that was not restored is left alone', async () => {
    const world = secondVersion();
    world.contaminate('qdrant');
    world.holds.neo4j = contentOf('newer than every version').neo4j;
    world.damage(LATEST_COPY, 'qdrant');
    const mine = world.holds.qdrant;
    const faults: Fault[] = [{ call: 'metadata.journal.commitRestore', when: 'before', times: Infinity }];
    const input = { version: BASELINE, stores: ['qdrant' as const], acceptDrift: true, maxAttempts: 1 };
    const failure = await failing(withFaults(world.deps(), faults).deps, input);
    expect(failure.code).toBe('ROLLED_BACK');
    expect([world.holds.qdrant, world.holds.neo4j]).toEqual([mine, contentOf('newer than every version').neo4j]);
    expect(world.restored).toEqual(['qdrant', 'qdrant']);
    expect((failure.details[1] as RestoreOutcome).rollback).toMatchObject({ proven: true, restored: ['qdrant'] });
    expectTidy(world);
  });

  test('never taken back to the baseline where production was a later version', async () => {
    const world = secondVersion();
    let broken = false;
    world.afterRestore = () => {
      if (!broken) for (const folder of [LATEST_COPY, SECOND]) world.damage(folder, 'qdrant');
      broken = true;
    };
    const faults: Fault[] = [{ call: 'metadata.journal.commitRestore', when: 'before', times: Infinity }];
    const input = { version: BASELINE, stores: ['qdrant' as const], acceptDrift: true, maxAttempts: 1 };
    const failure = await failing(withFaults(world.deps(), faults).deps, input);
    expect(failure).toMatchObject({
      code: 'NEEDS_OPERATOR',
      message: expect.stringContaining('no whole copy is left of Qdrant') as string,
    });
    expect(world.restored).toEqual(['qdrant']);
    expect(world.journal.entries.at(-1)).toMatchObject({ state: 'switching' });
  });

  test('a commit that cannot be made: taken back', async () => {
    const world = secondVersion();
    const faults: Fault[] = [{ call: 'metadata.journal.commitRestore', when: 'before', times: Infinity }];
    const failure = await failing(withFaults(world.deps(), faults).deps, { version: BASELINE, maxAttempts: 1 });
    expect(failure.code).toBe('ROLLED_BACK');
    expect(world.holds).toEqual(contentOf('second'));
    expectTidy(world);
  });

  test('what was made anew, and is taken back, carries its version’s label again', async () => {
    const world = secondVersion();
    world.chunks.forEach((id) => world.labelled.add(id));
    world.afterRestore = (store) => void (store === 'neo4j' && world.labelled.clear());
    const faults: Fault[] = [{ call: 'metadata.journal.commitRestore', when: 'before', times: Infinity }];
    const failure = await failing(withFaults(world.deps(), faults).deps, { version: BASELINE, maxAttempts: 1 });
    expect(failure.code).toBe('ROLLED_BACK');
    expect(world.labelled.size).toBe(world.chunks.length);
    const { steps } = (failure.details[1] as RestoreOutcome).rollback ?? {};
    expect(steps?.find(({ number }) => number === 7)?.detail).toContain(':v2_minor given back to 25 paragraphs');
    expectTidy(world);
  });

  test('somebody writes to a store that stays: the drift that was accepted is another one', async () => {
    const world = secondVersion();
    const deps = world.deps();
    const { restoreAside } = deps.vectors;
    deps.vectors.restoreAside = async (...given) => {
      world.contaminate('sqlite');
      return restoreAside(...given);
    };
    const input = { version: BASELINE, stores: ['qdrant' as const], acceptDrift: true };
    expect(await failing(deps, input)).toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringContaining('Somebody wrote to SQLite') as string,
    });
    expect([world.restored, world.holds.sqlite]).toEqual([[], contentOf('contaminated').sqlite]);
    expectTidy(world);
  });

  test('what cannot be taken back is said, and the claim stays', async () => {
    const world = secondVersion();
    const gone = () => new HybridFlowError('QDRANT_REFUSED', { found: 'no more restores' });
    const faults: Fault[] = [
      { call: 'vectors.restoreFrom', when: 'after', times: 1, error: gone },
      { call: 'vectors.restoreFrom', when: 'before', times: Infinity, skip: 1, error: gone },
    ];
    const failure = await failing(withFaults(world.deps(), faults).deps, { version: BASELINE, maxAttempts: 1 });
    expect(failure).toMatchObject({
      code: 'NEEDS_OPERATOR',
      message: expect.stringContaining('QDRANT_REFUSED') as string,
    });
    expect(world.claim).toMatchObject({ kind: 'restore', versionId: `restore-${BASELINE}` });
    expect(world.journal.entries.at(-1)).toMatchObject({ state: 'switching' });
  });

  test('stopped by an abort before the switch: nothing was changed', async () => {
    const world = secondVersion();
    world.contaminate('qdrant');
    let reached = () => undefined as void;
    const rehearsing = new Promise<void>((resolve) => (reached = resolve));
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const deps = world.deps();
    const { fingerprintExport } = deps.graph;
    deps.graph.fingerprintExport = async (...given) => {
      reached();
      await held;
      return fingerprintExport(...given);
    };
    const handle = await start(deps, { version: BASELINE });
    await rehearsing;
    await handle.signal('abort', { reason: 'not now', by: 'ada' });
    release();
    expect(await failureOf(handle.result())).toMatchObject({
      code: 'ROLLED_BACK',
      message: expect.stringContaining('not now') as string,
    });
    expect([world.restored, world.holds.qdrant]).toEqual([[], contentOf('contaminated').qdrant]);
    expectTidy(world);
  });
});

describe('fails after the commit', () => {
  test('the files of the version are lost: latest-copy is captured from production, and it is said', async () => {
    const world = secondVersion();
    world.afterRestore = (store) => {
      if (store === 'sqlite') world.damage(BASELINE);
    };
    const outcome = await run(world.deps(), { version: BASELINE });
    expect(outcome).toMatchObject({ outcome: 'restored', versionId: BASELINE });
    expect(outcome.warnings.join()).toContain(`hfv verify ${BASELINE}`);
    const latest = world.folders.get(LATEST_COPY)?.manifest;
    expect(latest).toMatchObject({ versionId: BASELINE, base: 'test' });
    expect(latest?.artifacts.map(({ linkedFrom }) => linkedFrom)).toEqual([undefined, undefined, undefined]);
    expect(world.journal.entries.at(-1)).toMatchObject({ state: 'done' });
    expectTidy(world);
  });

  test('a commit whose answer is lost is driven forward', async () => {
    const world = secondVersion();
    const faults: Fault[] = [{ call: 'metadata.journal.commitRestore', when: 'after', times: 1, perActivity: true }];
    const outcome = await run(withFaults(world.deps(), faults).deps, { version: BASELINE, maxAttempts: 1 });
    expect(outcome).toMatchObject({ outcome: 'restored', versionId: BASELINE, proven: true });
    expect(world.holds).toEqual(contentOf('as it was'));
    expectTidy(world);
  });

  test('who writes after the commit is found: restored, and not proven', async () => {
    const world = secondVersion();
    world.afterRestore = (store) => {
      if (store === 'sqlite') world.contaminate('neo4j');
    };
    const outcome = await run(world.deps(), { version: BASELINE });
    expect(outcome).toMatchObject({ outcome: 'restored', proven: false });
    expect(outcome.warnings.join()).toContain('neo4j is not the version');
    expectTidy(world);
  });
});
