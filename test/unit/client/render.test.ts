import { renderOutcome } from '../../../client/render/outcome';
import { errorView, renderError, stackOf } from '../../../client/render/error';
import { renderStatus, type StatusView } from '../../../client/render/status';
import { duration, fields } from '../../../client/render/text';
import { renderVersions } from '../../../client/commands/versions';
import { renderServices, stackView } from '../../../client/commands/up';
import { HybridFlowError } from '../../../domain/errors';
import type { StackStatus } from '../../../stack/stack';
import { ANSI, committedOutcome, painted, plain, progressView } from './support';

const lines = (text: string) => text.split('\n');
const value = (text: string, name: string) => lines(text).find((line) => line.trim().startsWith(`${name} `)) ?? '';

describe('the report of a migration', () => {
  test('says everything that was registered, without a colour where nobody sees it', () => {
    const text = renderOutcome(committedOutcome(), 'http://ui/run', plain);
    expect(text).not.toContain(ANSI);
    expect(lines(text)[0]).toBe('Registered v1_baseline_20260102_030405 of kb');
    expect(value(text, 'Neo4j')).toContain('2,000 paragraphs (2,000 labelled), 5,911 nodes, 6,025 relationships');
    expect(value(text, 'labelling')).toContain('p50 20 ms, p95 40 ms, max 40 ms');
    expect(value(text, 'phases')).toContain('latest-copy 3.5 s');
    expect(value(text, 'checks')).toContain('1 of 1 passed');
    expect(value(text, 'manifest')).toContain('/b/v1/manifest.json');
    expect(value(text, 'latest-copy')).toContain('/b/latest-copy');
    expect(value(text, 'Temporal')).toContain('http://ui/run');
    expect(value(text, 'qdrant')).toMatch(/textbook_chunks\.snapshot\s+15\.5 MB\s+ab12cd34ef56$/);
    expect(renderOutcome(committedOutcome(), null, painted)).toContain(ANSI);
  });

  test('leaves out what is not known, and shows warnings and failed checks', () => {
    const checks = [{ name: 'chains', severity: 'warning', passed: false, expected: '0', actual: '3' }] as const;
    const text = renderOutcome(committedOutcome({ checks: [...checks], warnings: ['disk is slow'] }), null, plain);
    expect(text).not.toContain('Temporal');
    expect(text).toContain('0 of 1 passed');
    expect(text).toContain('warning chains: expected 0, found 3');
    expect(text).toContain('warning disk is slow');
  });

  test('says that there was nothing to do', () => {
    const text = renderOutcome(committedOutcome({ outcome: 'already_registered', counts: null }), null, plain);
    expect(lines(text)[0]).toBe('Nothing to do: kb has its baseline, v1_baseline_20260102_030405');
    expect(text).not.toContain('Registered');
  });
});

describe('an error', () => {
  const error = new HybridFlowError('SCHEMA_CONFLICT', {
    found: 'a table',
    expected: 'none',
    next: 'rename it',
    details: { rows: 3 },
  });

  test('has one shape for programs', () => {
    expect(errorView(error)).toEqual({
      error: {
        code: 'SCHEMA_CONFLICT',
        message: 'a table. Expected: none. Next: rename it.',
        found: 'a table',
        expected: 'none',
        next: 'rename it',
        details: { rows: 3 },
      },
    });
    expect(errorView('odd').error).toMatchObject({ code: 'UNEXPECTED', found: 'odd', expected: null, details: null });
  });

  test('is code, found, expected, next for people', () => {
    expect(lines(renderError(errorView(error), plain))).toEqual([
      'error SCHEMA_CONFLICT',
      '  found     a table',
      '  expected  none',
      '  next      rename it',
    ]);
  });

  test('lists what was undone and what was not', () => {
    const outcome = committedOutcome({
      outcome: 'needs_operator',
      compensations: [
        { name: 'labels', state: 'undone' },
        { name: 'tables', state: 'failed', error: 'locked' },
      ],
    });
    const needs = new HybridFlowError('NEEDS_OPERATOR', { found: 'x', details: { outcome } });
    const text = renderError(errorView(needs), plain);
    expect(text).toContain('undone  labels');
    expect(text).toContain('FAILED  tables: locked');
  });

  test('carries no secret, wherever it is', () => {
    const leaking = new HybridFlowError('NEO4J_AUTH', {
      found: 'bolt://neo4j:hunter2@db refused "hunter2"',
      details: { tried: ['hunter2', { uri: 'http://me:other@host/' }] },
    });
    const view = errorView(leaking, ['hunter2']);
    expect(JSON.stringify(view)).not.toMatch(/hunter2|other/);
    expect(view.error.found).toBe('bolt://***@db refused "***"');
    expect(view.error.details).toEqual({ tried: ['***', { uri: 'http://***@host/' }] });
  });

  test('shows the whole chain of causes on request', () => {
    expect(stackOf(new Error('outer', { cause: new Error('inner') }))).toMatch(/outer[\s\S]*caused by: Error: inner/);
  });
});

describe('status', () => {
  const registry = { readable: true, path: '/kb/metadata.db', versions: [], error: null };
  const view: StatusView = {
    base: 'kb',
    temporal: { reachable: true, address: 'a:1', error: null },
    change: {
      workflowId: 'w',
      runId: 'r',
      type: 'registerBaseline',
      status: 'RUNNING',
      startedAt: 'T',
      closedAt: null,
      url: null,
    },
    progress: progressView({ pause: { state: 'paused', reason: 'load' } }),
    standstill: null,
    registry,
  };

  test('shows the running change', () => {
    const text = renderStatus(view, plain);
    expect(value(text, 'running')).toContain('registerBaseline, since T');
    expect(value(text, 'pause')).toContain('reason: load');
    expect(value(text, 'committed')).toContain('none yet');
  });

  test('says that no worker answers', () => {
    expect(renderStatus({ ...view, progress: null }, plain)).toContain('no worker answers');
    expect(renderStatus(view, plain)).not.toContain('no worker answers');
  });

  test('says what cannot be reached and shows the rest', () => {
    const down = { reachable: false, address: 'a:1', error: 'Temporal does not answer at a:1' };
    const text = renderStatus({ ...view, temporal: down, change: null, progress: null }, plain);
    expect(text).toContain('Temporal does not answer at a:1');
    expect(text).toContain('0 versions in /kb/metadata.db');
  });
});

describe('small texts', () => {
  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 00 s'],
    [125_000, '2 min 05 s'],
  ])('%i ms is %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

  test('fields stand in one column, the empty ones left out', () => {
    expect(
      fields([
        ['a', '1'],
        ['long', 'x\ny'],
        ['none', null],
        ['empty', ''],
      ]),
    ).toEqual(['  a     1', '  long  x', '        y']);
  });

  test('no versions is a sentence, not an empty table', () => {
    expect(renderVersions('kb', [], plain)).toBe('kb has no versions yet; register the first with `hfv migrate`');
  });

  test('the stack is shown without its environment, which holds a password', () => {
    const status: StackStatus = {
      root: '/s',
      envFile: '/s/env',
      env: { NEO4J_PASSWORD: 'hunter2' },
      services: [
        {
          name: 'qdrant',
          state: 'running',
          how: 'local',
          address: 'http://a',
          version: '1',
          pid: 7,
          startedNow: true,
          logFile: '',
        },
      ],
    };
    expect(JSON.stringify(stackView(status))).not.toContain('hunter2');
    expect(renderServices(status, plain)).toMatch(/qdrant\s+started\s+local\s+1\s+http:\/\/a\s+7/);
    expect(renderServices(status, plain)).not.toContain(ANSI);
  });
});
