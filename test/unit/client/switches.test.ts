import { renderPublished } from '../../../client/render/publish';
import { renderRollback } from '../../../client/render/rollback';
import { renderVersion, type VersionDetails } from '../../../client/render/version';
import type { PublishOutcome } from '../../../domain/publish';
import { disagreedAtMost, type SwitchEntry } from '../../../domain/switch-journal';
import { plain } from './support';

const at = (second: number) => `2026-01-02T03:04:0${second}.000Z`;
const VERSION = 'v2_minor_20260102_030405';
const entry = (given: Partial<SwitchEntry>): SwitchEntry => ({
  ...{ id: 1, kind: 'promote', versionId: VERSION, previousVersionId: null, state: 'done', stores: ['sqlite'] },
  ...{ details: {}, workflowId: 'w', runId: 'r', startedAt: at(0), committedAt: at(0), endedAt: at(9) },
  ...given,
});

describe('for how long the stores disagreed, by the journal, which cuts off what is below a second', () => {
  test.each<[string | null, number | null]>([
    [at(0), 1_000],
    [at(3), 4_000],
    [null, null],
  ])('from 0 s to %s: at most %s ms', (committedAt, expected) => {
    expect(disagreedAtMost(entry({ committedAt }))).toBe(expected);
  });

  test('clocks of two workers that differ make it no less than a second', () => {
    expect(disagreedAtMost(entry({ startedAt: at(5), committedAt: at(3) }))).toBe(1_000);
  });

  test('`hfv show` tells it of each switch', () => {
    const details = {
      ...{ name: VERSION, version: null, manifest: null, artifacts: [], checks: null, pin: null, operations: [] },
      ...{ lastVerified: null, lastDrill: null, current: true, committedAt: null },
      switches: [entry({ committedAt: at(3) }), entry({ id: 2, state: 'undone', committedAt: null })],
    } as VersionDetails;
    const lines = renderVersion(details, plain).split('\n');
    expect(lines.filter((line) => /at most 4\.0 s\s/.test(line))).toHaveLength(1);
    expect(lines.find((line) => line.includes('undone'))).not.toContain('at most');
  });
});

test('a promote that its own run has ended prints what it measured, and none where nothing was switched', () => {
  const outcome = {
    ...{ outcome: 'committed', base: 'kb', versionId: VERSION, kind: 'minor', from: 'production', committedAt: at(3) },
    ...{ delta: null, counts: null, checks: [], artifacts: [], consistency: null, proven: true, archived: [] },
    ...{ steps: [], reason: null, warnings: [], reportPath: null },
    promote: { disagreedMs: 1_340, mode: 'in place', neo4j: {}, qdrant: {} },
  } satisfies PublishOutcome;
  expect(renderPublished(outcome, null, plain)).toContain('the stores disagreed for 1.3 s (Qdrant: in place)');
  expect(renderPublished({ ...outcome, promote: null }, null, plain)).not.toContain('disagreed');
});

describe('the outcome of a rollback', () => {
  const record = {
    ...{ versionId: VERSION, trigger: null, reason: 'why', steps: [], restored: [], savedTo: null, proof: [] },
    ...{ checks: [], proven: true, left: [], next: null },
  };

  test('is called a rollback where something was rolled back', () => {
    const text = renderRollback(record, plain);
    expect(text).toMatch(/^Rolled back v2/);
    expect(text).toMatch(/restored\s+no store/);
    expect(text).not.toContain('disagreed');
  });

  test('and is not where it was committed, and driven to its end', () => {
    const text = renderRollback({ ...record, driven: { versionId: VERSION, disagreedAtMostMs: 4_000 } }, plain);
    expect(text).toMatch(/^Driven to its end v2/);
    expect(text).toMatch(/switch\s+the stores disagreed for at most 4\.0 s/);
    expect(text).not.toMatch(/restored|Rolled back/);
  });
});
