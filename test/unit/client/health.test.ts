import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everyTime } from '../../../client/commands/health';
import type { World } from '../../../client/context';
import { standstillOf, type Standstill } from '../../../client/pending';
import { runProgram } from '../../../client/program';
import { renderHealth, renderHealthRuns, scheduleText } from '../../../client/render/health';
import { renderStatus, type StatusView } from '../../../client/render/status';
import type { Change } from '../../../client/changes';
import type { ScheduleView } from '../../../client/schedules';
import type { Session } from '../../../client/temporal';
import type { HealthReport } from '../../../domain/health';
import { HybridFlowError } from '../../../domain/errors';
import { healthMarkdown } from '../../../domain/health-markdown';
import { ANSI, fakeWorld, painted, plain } from './support';

const report: HealthReport = {
  format: 'hybridflow-health/1',
  base: 'kb',
  versionId: 'v1_baseline_20260102_030405',
  registered: true,
  takenAt: '2026-01-02T03:10:00.000Z',
  state: 'failed',
  metrics: [
    { name: 'label progress', state: 'ok', value: '25 of 25 paragraphs (100 %)', details: {} },
    { name: 'service health', state: 'failed', value: 'sqlite sound; neo4j does not answer | at all', details: {} },
  ],
  checks: [
    { number: 1, name: 'chapters', severity: 'critical', passed: true, expected: '3', actual: '3' },
    { number: 6, name: 'chains', severity: 'warning', passed: false, expected: '0', actual: '2' },
  ],
  logs: [
    { path: '/l/a', readable: true, since: 'T', errors: 2, undated: 1, samples: ['ERROR `x`'], note: null },
    { path: '/l/b', readable: false, since: 'T', errors: 0, undated: 0, samples: [], note: 'ENOENT' },
  ],
  notes: ['operation_log was not written: locked'],
};

describe('a health report', () => {
  test('for people: every metric, and of the rest what is not as it should be', () => {
    const text = renderHealth(report, plain);
    expect(text).toMatch(/^kb failed$/m);
    expect(text).toMatch(/ok +label progress +25 of 25 paragraphs/);
    expect(text).toMatch(/failed +service health +sqlite sound\n +neo4j does not answer/);
    expect(text).toContain('check failed chains: expected 0, found 2');
    expect(text).not.toContain('chapters');
    expect(text).toContain('log /l/a: 2 errors since T, 1 of them without a time\n      ERROR `x`');
    expect(text).toContain('/l/b: cannot be read (ENOENT)');
    expect(text).toContain('note operation_log was not written: locked');
    expect(text).not.toContain(ANSI);
    expect(renderHealth(report, painted)).toContain(ANSI);
  });

  test('as Markdown: a table that no value breaks; samples of logs only where they belong', () => {
    const text = healthMarkdown(report);
    expect(text).toContain('| ✗ | service health | sqlite sound; neo4j does not answer \\| at all |');
    expect(text).toContain('- ✓ 1. chapters: expected 3, found 3');
    expect(text).toContain('- ! 6. chains: expected 0, found 2');
    expect(text).toContain("  - `ERROR 'x'`");
    expect(healthMarkdown(report, { samples: false })).not.toContain('ERROR');
  });
});

describe('the schedule', () => {
  const schedule: ScheduleView = {
    ...{ scheduleId: 's', everySeconds: 3_600, paused: false, note: null, nextAt: 'T1', skipped: 0 },
  };

  test('is one sentence', () => {
    expect(scheduleText(schedule)).toBe('checked every 1 h, next at T1');
    expect(scheduleText({ ...schedule, everySeconds: 90, paused: true, note: 'night', skipped: 2 })).toBe(
      'checked every 90 s, PAUSED (night), 2 skipped because the one before had not ended',
    );
  });

  test('is shown with the last checks, or as missing', () => {
    const run = { workflowId: 'w', runId: 'r', startedAt: 'T0', versionId: 'v1', url: null };
    const runs = [
      { ...run, status: 'COMPLETED', outcome: 'unhealthy' },
      { ...run, status: 'RUNNING', outcome: null },
    ];
    const text = renderHealthRuns({ base: 'kb', schedule, runs }, plain);
    expect(text).toMatch(/T0 +unhealthy +v1 +w/);
    expect(text).toMatch(/T0 +running +v1 +w/);
    expect(renderHealthRuns({ base: 'kb', schedule: null, runs: [] }, plain)).toMatch(
      /not checked by schedule.*no checks yet/s,
    );
  });

  test.each([
    ['90s', 90],
    ['30m', 1_800],
    ['1h', 3_600],
    ['2d', 172_800],
  ])('%s is %i seconds', (text, value) => expect(everyTime(text)).toBe(value));
  test.each(['', '1', '59s', '0h', '-1h', '1.5h', '1 h', 'h', '1w'])('"%s" is no time', (text) => {
    expect(() => everyTime(text)).toThrow(/at least a minute/);
  });
});

describe('why a run stands still', () => {
  const activity = (name: string, attempt: number, more: object = {}) => ({ activityType: { name }, attempt, ...more });
  const failure = { message: 'no answer', applicationFailureInfo: { type: 'NEO4J_UNREACHABLE' } };

  /** Two workflows with what they wait for; of our two queues only the first is polled. */
  function session(): Session {
    const pending: Record<string, object> = {
      parent: {
        pendingActivities: [
          activity('labelSpan', 3, { lastFailure: failure, nextAttemptScheduleTime: { seconds: 1_772_366_400 } }),
          activity('countStores', 1),
        ],
        pendingChildren: [
          { workflowId: 'child', runId: 'c' },
          { workflowId: 'gone', runId: 'g' },
        ],
      },
      child: { pendingActivities: [activity('removeFolder', 2, { lastFailure: { message: 'odd' } })] },
    };
    const describe = async (workflowId: string) => {
      const raw = pending[workflowId];
      if (!raw) throw new Error('not found');
      return { raw };
    };
    const describeTaskQueue = async ({ taskQueue: { name } }: { taskQueue: { name: string } }) => ({
      pollers: name === 'hybridflow' ? [{ identity: 'w', lastAccessTime: { seconds: Date.now() / 1_000 } }] : [],
    });
    const client = {
      workflow: { getHandle: (workflowId: string) => ({ describe: () => describe(workflowId) }) },
      workflowService: { describeTaskQueue },
    };
    return { client, namespace: 'default' } as unknown as Session;
  }

  test('steps that failed and will be tried again, those of its children too, and queues that nobody polls', async () => {
    const found = await standstillOf(session(), { workflowId: 'parent', runId: 'p' } as Change);
    expect(found).toEqual<Standstill>({
      failing: [
        {
          activity: 'labelSpan',
          attempt: 3,
          error: 'NEO4J_UNREACHABLE: no answer',
          nextAt: '2026-03-01T12:00:00.000Z',
        },
        { activity: 'removeFolder', attempt: 2, error: 'odd', nextAt: null },
      ],
      unpolled: ['hybridflow.files'],
    });
  });

  test('is part of the status', () => {
    const failing = [{ activity: 'labelSpan', attempt: 3, error: 'NEO4J_UNREACHABLE: no answer', nextAt: 'T1' }];
    const view: StatusView = {
      base: 'kb',
      temporal: { reachable: true, address: 'a:1', error: null },
      change: null,
      progress: null,
      standstill: { failing, unpolled: ['hybridflow.files'] },
      registry: { readable: true, path: '/m', versions: [], error: null },
    };
    const text = renderStatus(view, plain);
    expect(text).toContain('no worker polls hybridflow.files: start one with `hfv worker`');
    expect(text).toContain('failing labelSpan: NEO4J_UNREACHABLE: no answer (attempt 3 at T1)');
    expect(renderStatus({ ...view, standstill: { failing: [], unpolled: [] } }, plain)).not.toMatch(/failing|polls/);
  });
});

test('its verbs read the settings from where every other verb does', async () => {
  const root = mkdtempSync(join(tmpdir(), 'hfv-health-'));
  for (const name of ['env', 'other']) writeFileSync(join(root, name), `HYBRIDFLOW_BASE=${name}\n`);
  const bases: string[] = [];
  const connect: World['connect'] = ({ base }) => {
    bases.push(base);
    return Promise.reject(new HybridFlowError('TEMPORAL_UNREACHABLE', { found: 'nobody there' }));
  };
  const world = fakeWorld({ cwd: root, env: { HYBRIDFLOW_STACK_ENV: join(root, 'other') }, connect });
  for (const verb of ['show', 'schedule', 'unschedule']) expect(await runProgram(['health', verb], world)).toBe(8);
  expect(await runProgram(['health', 'show', '--stack', root], world)).toBe(8);
  expect(bases).toEqual(['other', 'other', 'other', 'env']);
  rmSync(root, { recursive: true });
});
