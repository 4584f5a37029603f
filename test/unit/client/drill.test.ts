import { renderDrill } from '../../../client/render/drill';
import { runProgram } from '../../../client/program';
import type { Session } from '../../../client/temporal';
import {
  drillDetails,
  drillFile,
  drillMarkdown,
  drillPassed,
  lastNeo4jRestore,
  tookText,
  type DrillOutcome,
} from '../../../domain/drill';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { ANSI, fakeWorld, painted, plain } from './support';

const VERSION = 'v2_minor_20260102_000000';

const outcome: DrillOutcome = {
  ...{ format: 'hybridflow-drill/1', base: 'kb', versionId: VERSION, startedBy: 'me', passed: false },
  ...{ startedAt: '2026-01-02T03:04:05.678Z', endedAt: '2026-01-02T03:04:09.000Z', recoveryMs: 3_300 },
  stores: [
    { store: 'sqlite', form: 'restore', passed: true, milliseconds: 300, comparison: null, evidence: 'as it was' },
    { store: 'qdrant', form: 'restore', passed: false, milliseconds: 3_000, comparison: null, evidence: 'a | b' },
  ],
  checks: [
    { number: 1, name: 'chapters in SQLite', severity: 'critical', passed: true, expected: '3', actual: '3' },
    { number: 5, name: 'no orphans', severity: 'critical', passed: false, expected: '0', actual: '2' },
    { number: 6, name: 'chains', severity: 'warning', passed: false, expected: '0', actual: '1' },
  ],
  reportPath: '/b/reports/drill.md',
  notes: ['operation_log was not written: locked'],
};

test('says of Neo4j that it was read through, since there is no second one to restore into', () => {
  expect(tookText({ store: 'neo4j', milliseconds: 3_000 })).toBe('3.0 s, read and not written');
  expect(tookText({ store: 'qdrant', milliseconds: 3_000 })).toBe('3.0 s');
});

describe('beside what a drill takes for Neo4j stands the last restore that wrote it', () => {
  const entry = (given: Partial<SwitchEntry>): SwitchEntry => ({
    ...{
      id: 1,
      kind: 'restore',
      versionId: VERSION,
      previousVersionId: null,
      state: 'done',
      stores: ['neo4j', 'qdrant'],
    },
    ...{ details: {}, workflowId: 'w', runId: 'r', endedAt: null },
    ...{ startedAt: '2026-01-02T03:04:05.000Z', committedAt: '2026-01-02T03:04:45.000Z' },
    ...given,
  });
  const neo4j = {
    store: 'neo4j',
    form: 'restore',
    passed: true,
    milliseconds: 900,
    comparison: null,
    evidence: '',
  } as const;
  const drilled = (last: DrillOutcome['lastNeo4jRestore']) => ({
    ...{ ...outcome, stores: [neo4j] },
    lastNeo4jRestore: last,
  });

  test('the newest of them, and no promote, no restore of other stores, and none that was taken back', () => {
    const others = [
      entry({ kind: 'promote' }),
      entry({ stores: ['sqlite'] }),
      entry({ state: 'undone', committedAt: null }),
    ];
    expect(lastNeo4jRestore(others)).toBeNull();
    expect(lastNeo4jRestore([...others, entry({}), entry({ versionId: 'older' })])).toEqual({
      ...{ versionId: VERSION, at: '2026-01-02T03:04:45.000Z', stores: ['neo4j', 'qdrant'], tookAtMostMs: 41_000 },
    });
  });

  test('in text and in the Markdown', () => {
    const told = drilled(lastNeo4jRestore([entry({})]));
    const words = `at most 41.0 s for Neo4j, Qdrant, of ${VERSION} at 2026-01-02T03:04:45.000Z`;
    expect(renderDrill(told, plain)).toContain(words);
    expect(drillMarkdown(told)).toContain(words);
    expect(renderDrill(drilled(null), plain)).toMatch(/Neo4j for real +none on this base yet/);
    expect(renderDrill(drilled(undefined), plain)).not.toContain('for real');
    expect(renderDrill({ ...told, stores: outcome.stores }, plain)).not.toContain('for real');
  });
});

test('for people: the verdict, a row per store, and of the checks what is not as it should be', () => {
  const text = renderDrill(outcome, plain);
  expect(text).toMatch(/^v2_minor_20260102_000000 could NOT be restored as it was$/m);
  expect(text).toMatch(/time to recover +3\.3 s/);
  expect(text).toMatch(/SQLite +as recorded +300 ms/);
  expect(text).toMatch(/Qdrant +not restored +3\.0 s/);
  expect(text).toContain('wrong Qdrant: a | b');
  expect(text).toContain('check failed 5. no orphans: expected 0, found 2');
  expect(text).toContain('warning 6. chains: expected 0, found 1');
  expect(text).not.toContain('1. chapters');
  expect(text).toContain('note operation_log was not written: locked');
  expect(text).not.toContain(ANSI);
  expect(renderDrill({ ...outcome, passed: true }, painted)).toContain(ANSI);
});

test('the Markdown holds a table that no value breaks', () => {
  const text = drillMarkdown(outcome);
  expect(text).toContain(`# Drill of ${VERSION}: FAILED`);
  expect(text).toContain('| Qdrant | **NO** | 3.0 s | a \\| b |');
  expect(text).toContain('- 5. no orphans: **FAILED**, expected 0, found 2');
  expect(drillFile(outcome)).toBe('drill-20260102T030405Z');
  expect(drillDetails(outcome)).toMatchObject({
    recoveryMs: 3_300,
    milliseconds: { sqlite: 300, qdrant: 3_000 },
    failed: ['qdrant', '5 no orphans', '6 chains'],
  });
});

test('a drill passes where every store came back and no critical check fails; without checks it does not', () => {
  const [sqlite] = outcome.stores;
  const [chapters, orphans, chains] = outcome.checks;
  const all = { stores: sqlite ? [sqlite] : [], checks: [chapters, chains].flatMap((one) => one ?? []) };
  expect(drillPassed(all)).toBe(true);
  expect(drillPassed({ ...all, checks: [] })).toBe(false);
  expect(drillPassed({ ...all, stores: [] })).toBe(false);
  expect(drillPassed({ ...all, checks: [orphans].flatMap((one) => one ?? []) })).toBe(false);
  expect(drillPassed({ ...all, stores: outcome.stores })).toBe(false);
});

describe('the command', () => {
  /** A Temporal that has one answer to every run, and keeps what it was asked to start. */
  function session(result: DrillOutcome): { session: Session; started: unknown[] } {
    const started: unknown[] = [];
    const workflow = {
      start: async (type: string, options: object) => {
        started.push({ type, ...options });
        return { firstExecutionRunId: 'r' };
      },
      getHandle: () => ({ result: async () => result }),
    };
    const describeTaskQueue = async () => ({ pollers: [] });
    const client = { workflow, workflowService: { describeTaskQueue } };
    const found = {
      client,
      namespace: 'n',
      uiLink: () => null,
      explain: (e: unknown) => e,
      close: async () => undefined,
    };
    return { session: found as unknown as Session, started };
  }

  test.each([
    [true, 0],
    [false, 5],
  ])('passed: %s is %i', async (passed, exit) => {
    const { session: found, started } = session({ ...outcome, passed });
    const world = fakeWorld({ connect: async () => found, env: { HYBRIDFLOW_BASE: 'kb' } });
    const args = ['drill', VERSION, '--store', 'neo4j', '--store', 'sqlite', '--by', 'me', '--json'];
    expect(await runProgram(args, world)).toBe(exit);
    expect(started).toMatchObject([
      {
        type: 'drillVersion',
        workflowId: `hybridflow/kb/drill/${VERSION}`,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ versionId: VERSION, base: 'kb', stores: ['neo4j', 'sqlite'], startedBy: 'me' }],
      },
    ]);
    expect(JSON.parse(world.printed.stdout)).toMatchObject({ drill: { versionId: VERSION, passed }, runId: 'r' });
    expect(world.printed.stderr).toContain('no worker polls the task queue');
  });

  test('a store that is none is usage', async () => {
    const world = fakeWorld({ connect: async () => session(outcome).session });
    expect(await runProgram(['drill', VERSION, '--store', 'mysql'], world)).toBe(2);
  });
});
