import type { CheckResult } from '../../../domain/checks';
import { healthState, worstOf, type HealthMetric, type LogFinding } from '../../../domain/health';
import {
  checksMetric,
  labelsMetric,
  latencyMetric,
  registryMetric,
  tablesMetric,
} from '../../../domain/health-metrics';
import { servicesMetric, type ServiceReadings } from '../../../domain/health-services';
import type { ProbeComparison } from '../../../domain/probes';
import type { TableBefore, VersionRow } from '../../../domain/registry';

const VERSION = 'v1_baseline_20260102_030405';

const row = (changes: Partial<VersionRow> = {}): VersionRow => ({
  id: 1,
  versionId: VERSION,
  status: 'committed',
  createdAt: '2026-01-02 03:04:05',
  updatedAt: '2026-01-02 03:05:00',
  statusMessage: null,
  metadataSnapshotPath: null,
  qdrantSnapshotPath: null,
  neo4jSnapshotPath: null,
  chapterCount: 3,
  paragraphCount: 25,
  validationPassed: true,
  committedBy: 'ann',
  notes: null,
  workflowId: 'w',
  runId: 'r',
  ...changes,
});

const down = { error: 'it does not answer' };

describe('table creation', () => {
  const table = (name: string, state: TableBefore['state'], differences: string[] = []): TableBefore => ({
    ...{ name, state, rows: 2, columns: [], differences, ddl: [] },
  });
  const both = (state: TableBefore['state']) => [table('version_registry', state), table('operation_log', state)];

  test('fits, differs, is missing, is not to be expected yet', () => {
    expect(tablesMetric({ value: both('fits') }, true)).toMatchObject({ state: 'ok' });
    const differs = [table('version_registry', 'differs', ['status is INTEGER']), table('operation_log', 'fits')];
    expect(tablesMetric({ value: differs }, true)).toMatchObject({
      state: 'failed',
      value: expect.stringContaining('status is INTEGER') as string,
    });
    expect(tablesMetric({ value: both('absent') }, true).state).toBe('failed');
    expect(tablesMetric({ value: [table('version_registry', 'fits')] }, true)).toMatchObject({
      state: 'failed',
      value: 'not there: operation_log',
    });
    expect(tablesMetric({ value: both('absent') }, false).state).toBe('unknown');
    expect(tablesMetric(down, false)).toMatchObject({ state: 'failed', value: down.error });
  });
});

describe('registry insert', () => {
  test.each([
    [row(), 'ok'],
    [row({ status: 'archived' }), 'ok'],
    [row({ status: 'validating' }), 'warning'],
    [row({ status: 'rolled_back' }), 'failed'],
    [row({ validationPassed: false }), 'failed'],
    [row({ validationPassed: null }), 'failed'],
  ])('%#', (value, state) => expect(registryMetric({ value }, VERSION).state).toBe(state));

  test('a version that is not there is failed, none at all is unknown', () => {
    expect(registryMetric({ value: null }, VERSION).state).toBe('failed');
    expect(registryMetric({ value: null }, null).state).toBe('unknown');
    expect(registryMetric(down, VERSION).state).toBe('failed');
  });
});

describe('label progress', () => {
  const labels = (labelled: number, paragraphs = 25) => ({
    value: { paragraphs, labelled, unlabelled: paragraphs - labelled },
  });

  test('is complete, or not', () => {
    expect(labelsMetric(labels(25), row())).toMatchObject({ state: 'ok', value: '25 of 25 paragraphs (100 %)' });
    expect(labelsMetric(labels(24), row())).toMatchObject({ state: 'failed', details: { percent: 96 } });
    expect(labelsMetric(labels(24, 24), row()).state).toBe('failed');
    expect(labelsMetric(down, row()).state).toBe('failed');
  });

  test('what was ingested after the commit is no loss', () => {
    expect(labelsMetric(labels(25, 30), row()).state).toBe('warning');
    expect(labelsMetric(labels(24, 30), row()).state).toBe('failed');
  });

  test('follows the status of the version', () => {
    expect(labelsMetric(labels(10), row({ status: 'validating' })).state).toBe('warning');
    expect(labelsMetric(labels(0), row({ status: 'rolled_back' })).state).toBe('ok');
    expect(labelsMetric(labels(1), row({ status: 'rolled_back' })).state).toBe('failed');
    expect(labelsMetric(labels(0), null).state).toBe('unknown');
    expect(labelsMetric(labels(1), null).state).toBe('warning');
  });
});

test('validation checks: a critical one fails, a warning warns', () => {
  const check = (name: string, passed: boolean, severity: CheckResult['severity']) => ({
    ...{ name, passed, severity, expected: '', actual: '' },
  });
  const pass = check('a', true, 'critical');
  expect(checksMetric({ value: [pass] })).toMatchObject({ state: 'ok', value: '1 of 1 pass' });
  expect(checksMetric({ value: [pass, check('b', false, 'warning')] })).toMatchObject({
    state: 'warning',
    value: '1 of 2 pass; not: b',
  });
  expect(checksMetric({ value: [check('b', false, 'warning'), check('c', false, 'critical')] }).state).toBe('failed');
  expect(checksMetric(down).state).toBe('failed');
});

test('query latency: as the probes are judged, with the means; unknown without a capture', () => {
  const probe = (name: string, verdict: ProbeComparison['verdict'], after: number): ProbeComparison => ({
    ...{ name, kind: 'search', verdict, identical: true, results: 5, medianBeforeMs: 10, medianAfterMs: after },
    ...{ samples: 15, why: verdict === 'ok' ? null : '50 % slower' },
  });
  const of = (...comparisons: ProbeComparison[]) => latencyMetric({ value: { comparisons, before: 'T' } });
  expect(of(probe('a', 'ok', 10), probe('b', 'ok', 12))).toMatchObject({
    state: 'ok',
    value: '2 probes; 11.0 ms a probe, 10.0 ms before',
  });
  expect(of(probe('a', 'ok', 10), probe('b', 'warning', 15))).toMatchObject({
    state: 'warning',
    value: expect.stringContaining('b: 50 % slower') as string,
  });
  expect(of(probe('a', 'failed', 99), probe('b', 'warning', 15)).state).toBe('failed');
  expect(latencyMetric({ value: null }).state).toBe('unknown');
  expect(latencyMetric(down).state).toBe('failed');
});

describe('service health', () => {
  const fine: ServiceReadings = {
    sqlite: { value: { problems: [], foreignKeyViolations: 0 } },
    qdrant: { value: { points: 25, status: 'green' } },
    neo4j: { value: { constraints: 3, indexes: 5, notOnline: [] } },
    disk: { value: { freeBytes: 2e9, minimumFreeBytes: 5e8 } },
    memory: { rssBytes: 1e8, freeBytes: 4e9, totalBytes: 8e9 },
  };

  test('is ok where every part is', () => {
    expect(servicesMetric(fine)).toMatchObject({
      state: 'ok',
      value: expect.stringMatching(
        /sqlite sound; qdrant green, 25 points; neo4j 3 constraints, 5 indexes online/,
      ) as string,
    });
  });

  test.each<[Partial<ServiceReadings>, string, RegExp]>([
    [{ sqlite: { value: { problems: ['row 3 missing'], foreignKeyViolations: 0 } } }, 'failed', /row 3 missing/],
    [{ sqlite: { value: { problems: [], foreignKeyViolations: 2 } } }, 'failed', /foreign_key_check: 2 rows/],
    [{ sqlite: down }, 'failed', /sqlite it does not answer/],
    [{ qdrant: { value: { points: 25, status: 'yellow' } } }, 'warning', /yellow/],
    [{ qdrant: { value: { points: 25, status: 'red' } } }, 'failed', /red/],
    [{ qdrant: down }, 'failed', /qdrant it does not answer/],
    [{ neo4j: { value: { constraints: 3, indexes: 5, notOnline: ['chunk_id'] } } }, 'failed', /chunk_id/],
    [{ neo4j: { value: { constraints: 0, indexes: 2, notOnline: [] } } }, 'warning', /unique/],
    [{ neo4j: down }, 'failed', /neo4j it does not answer/],
    [
      { disk: { value: { freeBytes: 4e8, minimumFreeBytes: 5e8 } } },
      'failed',
      /400 MB free for backups, 500 MB wanted/,
    ],
    [{ disk: down }, 'failed', /disk it does not answer/],
    [{ memory: { rssBytes: 1e8, freeBytes: 1e8, totalBytes: 8e9 } }, 'warning', /100 MB of 8000 MB free/],
  ])('%#: one part decides', (part, state, said) => {
    const found = servicesMetric({ ...fine, ...part });
    expect([found.state, found.value]).toEqual([state, expect.stringMatching(said)]);
  });
});

describe('the whole', () => {
  const metric = (state: HealthMetric['state']): HealthMetric => ({
    ...{ name: 'label progress', state, value: '', details: {} },
  });
  const log = (errors: number): LogFinding => ({
    ...{ path: 'l', readable: true, since: 'T', errors, undated: 0, samples: [], note: null },
  });

  test('is as bad as its worst metric; errors in a log are a warning', () => {
    expect(worstOf(['ok', 'failed', 'warning'])).toBe('failed');
    expect(healthState([metric('ok'), metric('unknown')], [log(0)])).toBe('ok');
    expect(healthState([metric('ok'), metric('warning')], [])).toBe('warning');
    expect(healthState([metric('ok')], [log(3)])).toBe('warning');
    expect(healthState([metric('failed')], [log(3)])).toBe('failed');
    expect(healthState([metric('ok')], [{ ...log(0), readable: false }])).toBe('ok');
  });
});
