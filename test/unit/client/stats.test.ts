import { renderStats, type StatsView } from '../../../client/render/stats';
import { renderVersion, type VersionDetails } from '../../../client/render/version';
import { renderVersions } from '../../../client/render/versions';
import { committedAt, type VersionView } from '../../../client/version-views';
import type { OperationRow, VersionRow } from '../../../domain/registry';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { countOperations, growthOf, howManyFit, lastOperation, type SizedVersion } from '../../../domain/version-stats';
import { plain } from './support';

const BASELINE = 'v1_baseline_20260101_000000';
const SECOND = 'v2_minor_20260102_000000';
const TENTH = 'v10_major_20260110_000000';
const GB = 1e9;

const sized = (versionId: string, sqlite: number, qdrant: number, neo4j: number): SizedVersion => ({
  versionId,
  bytes: { sqlite, qdrant, neo4j },
});
const operation = (operationType: string, status: string, completedAt: string | null): OperationRow => ({
  ...{ id: 1, versionId: SECOND, operationType, status, details: {}, createdAt: '2026-01-02 00:00:00', completedAt },
});
const row: VersionRow = {
  ...{ id: 2, versionId: SECOND, status: 'committed', createdAt: '2026-01-02 00:00:00' },
  ...{ updatedAt: '2026-01-02 00:05:00', statusMessage: null, metadataSnapshotPath: null, qdrantSnapshotPath: null },
  ...{ neo4jSnapshotPath: null, chapterCount: 12, paragraphCount: 2_000, validationPassed: true, committedBy: 'me' },
  ...{ notes: 'New chapters', workflowId: 'w', runId: 'r' },
};
const promoted: SwitchEntry = {
  ...{ id: 1, kind: 'promote', versionId: SECOND, previousVersionId: BASELINE, state: 'done' },
  ...{ stores: ['sqlite', 'qdrant', 'neo4j'], details: {}, workflowId: 'w', runId: 'r' },
  ...{ startedAt: '2026-01-02T00:04:00.000Z', committedAt: '2026-01-02T00:04:30.000Z', endedAt: null },
};

describe('growth', () => {
  test('is told by version, in the order of their numbers, over those that have sizes', () => {
    const missing = { versionId: 'v3_minor_20260103_000000', bytes: null };
    const { versions } = growthOf([
      sized(TENTH, 1, 30, 2),
      missing,
      sized(BASELINE, 1, 20, 1),
      sized(SECOND, 1, 10, 1),
    ]);
    expect(versions.map(({ versionId, total, grewBy }) => [versionId, total, grewBy])).toEqual([
      [BASELINE, 22, null],
      [SECOND, 12, -10],
      ['v3_minor_20260103_000000', null, null],
      [TENTH, 33, 21],
    ]);
  });

  test('predicts the newest size and the mean growth; a store that shrinks is expected to stay', () => {
    const three = [sized(BASELINE, 10, 100, 50), sized(SECOND, 20, 90, 50), sized(TENTH, 30, 80, 50)];
    expect(growthOf(three).predicted).toEqual({ bytes: { sqlite: 40, qdrant: 80, neo4j: 50 }, total: 170 });
    expect(growthOf([sized(BASELINE, 10, 100, 50)]).predicted?.total).toBe(160);
    expect(growthOf([{ versionId: BASELINE, bytes: null }]).predicted).toBeNull();
  });

  test('only the last few are looked at', () => {
    const many = Array.from({ length: 9 }, (_, i) =>
      sized(`v${i + 1}_${i === 0 ? 'baseline' : 'minor'}_2026010${i + 1}_000000`, i < 4 ? 0 : 100, 0, 0),
    );
    expect(growthOf(many).predicted?.total).toBe(100);
  });

  test('says how many more fit beside the reserve', () => {
    const growth = growthOf([sized(BASELINE, 0, GB, 0)]);
    expect([howManyFit(growth, 5 * GB, 2 * GB), howManyFit(growth, GB, 2 * GB)]).toEqual([3, 0]);
    expect(howManyFit(growthOf([]), 5 * GB, 0)).toBeNull();
  });
});

test('the last of an operation is the newest that has ended, whether it passed or not', () => {
  const operations = [
    operation('drill', 'success', '2026-01-03 00:00:00'),
    operation('drill', 'failed', '2026-01-04 00:00:00'),
    operation('drill', 'running', null),
    operation('verify', 'success', '2026-01-05 00:00:00'),
  ];
  expect(lastOperation(operations, 'drill')).toEqual({ at: '2026-01-04 00:00:00', passed: false });
  expect(lastOperation(operations, 'restore')).toBeNull();
  expect(countOperations(operations)).toEqual({ drill: { success: 1, failed: 1, running: 1 }, verify: { success: 1 } });
});

test('a version was committed when the journal says so, or its operation, or its row while it is committed', () => {
  const commit = operation('commit', 'success', '2026-01-02 00:01:00');
  expect(committedAt(row, [commit], [promoted])).toBe('2026-01-02 00:04:30');
  expect(committedAt(row, [commit], [])).toBe('2026-01-02 00:01:00');
  expect(committedAt(row, [], [])).toBe('2026-01-02 00:05:00');
  expect(committedAt({ ...row, status: 'archived' }, [], [])).toBeNull();
  // A restore to a version is no commit of it.
  expect(committedAt({ ...row, status: 'archived' }, [], [{ ...promoted, kind: 'restore' }])).toBeNull();
});

describe('for people', () => {
  const view: StatsView = {
    ...{ base: 'kb', ...growthOf([sized(BASELINE, 1_000, 2 * GB, 5_000), sized(SECOND, 1_000, 3 * GB, 5_000)]) },
    ...{ freeBytes: 20 * GB, reserveBytes: 5 * GB, fits: 3, operations: { drill: { success: 2, failed: 1 } } },
    nextToGo: { versionId: BASELINE, rule: 'beyond the window', reason: 'old', bytes: 2 * GB, sharedBytes: 0 },
  };

  test('stats: sizes, growth, the disk, and which goes first', () => {
    const text = renderStats(view, plain);
    expect(text).toMatch(/v2_minor_20260102_000000 +1 kB +3 GB +5 kB +3 GB +\+1 GB/);
    expect(text).toMatch(/next version +about 4 GB/);
    expect(text).toMatch(/free +20 GB, of which 5 GB are left alone/);
    expect(text).toMatch(/room for +3 more/);
    expect(text).toMatch(/first to go +v1_baseline_20260101_000000, 2 GB/);
    expect(text).toMatch(/drill +2 success, 1 failed/);
    expect(renderStats({ ...view, fits: 0, nextToGo: null }, plain)).toMatch(
      /no other version fits[\s\S]*none: every version is held/,
    );
  });

  test('versions: the one that production is is marked; what was never done says so', () => {
    const shown: VersionView = {
      ...{ ...row, current: true, committedAt: '2026-01-02 00:04:30', bytes: 3 * GB },
      pin: { versionId: SECOND, reason: 'for the audit', by: 'me', pinnedAt: 'T' },
      ...{ lastVerified: { at: '2026-01-03 00:00:00', passed: true }, lastDrill: null },
    };
    const text = renderVersions('kb', [shown], plain);
    expect(text).toMatch(
      /^\* +v2_minor_20260102_000000 +committed .*2026-01-02 00:04:30 UTC +me +12 +2,000 +3 GB +for the audit +2026-01-03 00:00:00 UTC +never$/m,
    );
    expect(renderVersions('kb', [{ ...shown, current: false }], plain)).not.toContain('*');
    const failed = { ...shown, lastDrill: { at: '2026-01-04 00:00:00', passed: false } };
    expect(renderVersions('kb', [failed], plain)).toContain('FAILED 2026-01-04 00:00:00 UTC');
    const unverified = { ...shown, lastVerified: { at: '2026-01-05 00:00:00', passed: false } };
    expect(renderVersions('kb', [unverified], plain)).toContain('FAILED 2026-01-05 00:00:00 UTC');
  });

  test('versions: one that was given up before it was validated has not been counted', () => {
    const given: VersionView = {
      ...{
        ...row,
        status: 'rolled_back',
        validationPassed: null,
        chapterCount: 0,
        paragraphCount: 0,
        committedBy: null,
      },
      ...{ current: false, committedAt: null, bytes: null, pin: null, lastVerified: null, lastDrill: null },
    };
    expect(renderVersions('kb', [given], plain)).toMatch(/rolled_back +2026-01-02 00:00:00 UTC +never +never$/m);
    expect(renderVersions('kb', [{ ...given, validationPassed: true }], plain)).toMatch(/UTC +0 +0 +never/);
  });

  test('show: who, when, why, and when production became it and left it', () => {
    const away: SwitchEntry = { ...promoted, id: 2, kind: 'restore', versionId: BASELINE, previousVersionId: SECOND };
    const details: VersionDetails = {
      ...{ name: SECOND, version: row, current: true, committedAt: '2026-01-02 00:04:30', manifest: null },
      ...{ artifacts: [], checks: { total: 7, passed: 6, failed: ['chains'] }, switches: [away, promoted] },
      ...{ pin: null, lastVerified: null, lastDrill: null, operations: [] },
    };
    const text = renderVersion(details, plain);
    expect(text).toMatch(/^v2_minor_20260102_000000 committed current$/m);
    expect(text).toMatch(/committed by +me/);
    expect(text).toMatch(/notes +New chapters/);
    expect(text).toMatch(/checks +6 of 7 passed; not: chains/);
    expect(text).toMatch(/^promote +done +2026-01-02T00:04:00.000Z/m);
    expect(text).toMatch(/^left by a restore of v1_baseline_20260101_000000 +done/m);
    const archived = renderVersion({ ...details, version: { ...row, status: 'archived' } }, plain);
    expect(archived).toContain('Archived: its artifacts are packed away.');
    expect(renderVersion({ ...details, name: 'latest-copy' }, plain)).toMatch(/of +v2_minor_20260102_000000/);
  });
});
