import type { Operation } from '../../domain/registry';
import type { NewVersion } from '../../stores/ports';
import { expectCode, LEASE, PAST } from './support/metadata-file';
import { BASELINE, StagedBase, VERSION } from './support/staged-base';

let base: StagedBase;
beforeEach(() => {
  base = new StagedBase();
});
afterEach(() => base.remove());

const registry = () => base.store.registry;
const version = (more: Partial<NewVersion> = {}): NewVersion => ({
  ...{ versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: 30, ...more },
});
const operation: Operation = {
  ...{ type: 'x', status: 'success', details: {}, startedAt: '2026-01-02T00:00:00Z', completedAt: null },
};
/** The version of run `r` ends, so that another may begin. */
const end = (versionId = VERSION) => registry().rollBack(versionId, 'why', operation);

describe('opening a version', () => {
  it('makes a row that is pending, and returns the one of the same run as it is', () => {
    const row = registry().open(version({ notes: 'more ears' }), LEASE);
    expect(row).toMatchObject({
      ...{ versionId: VERSION, status: 'pending', chapterCount: 3, paragraphCount: 30, validationPassed: null },
      ...{ notes: 'more ears', workflowId: 'w', runId: 'r', committedBy: null },
    });
    registry().move(VERSION, 'staging', null);
    expect(registry().open(version(), LEASE)).toMatchObject({ status: 'staging', notes: 'more ears' });
    expect(
      registry()
        .list()
        .map(({ versionId }) => versionId),
    ).toEqual([BASELINE, VERSION]);
  });

  it('is refused while another is under way, and for an id, or a number, that is another run’s', () => {
    registry().open(version(), LEASE);
    const before = base.digest();
    const other = version({ versionId: 'v3_major_20260103_000000', runId: 'other' });
    const busy = expectCode(() => registry().open(other, LEASE), 'BASE_BUSY');
    expect(busy.facts.details).toMatchObject({ versionId: VERSION, workflowId: 'w', runId: 'r' });
    expectCode(() => registry().open(version({ runId: 'other' }), LEASE), 'VERSION_IN_USE');
    expectCode(() => registry().open(other, PAST), 'FENCED');
    expect(base.digest()).toBe(before);
    end();
    const late = version({ versionId: 'v2_major_20260103_000000', runId: 'other' });
    expect(expectCode(() => registry().open(late, LEASE), 'VERSION_IN_USE').message).toContain(`that of ${VERSION}`);
    expect(registry().open(other, LEASE).status).toBe('pending');
  });

  it('is refused for an id that is none of a minor or major version, and without a committed baseline', () => {
    for (const versionId of [BASELINE, 'v1_baseline_20270101_000000', 'v2_minor', 'v1_minor_20260101_000000']) {
      expectCode(() => registry().open(version({ versionId }), LEASE), 'VERSION_UNKNOWN');
    }
    base.sql(`DROP TRIGGER version_registry_keeps_baseline; DELETE FROM operation_log; DELETE FROM version_registry`);
    const error = expectCode(() => registry().open(version(), LEASE), 'VERSION_UNKNOWN');
    expect(error.facts.next).toContain('hfv migrate');
    registry().registerBaseline(version({ versionId: BASELINE, runId: 'again' }), LEASE);
    expectCode(() => registry().open(version(), LEASE), 'VERSION_UNKNOWN');
    base.sql('DROP TABLE operation_log');
    expectCode(() => registry().open(version(), LEASE), 'SCHEMA_CONFLICT');
  });
});

test('the next number is one more than any that there was, whatever became of it', () => {
  expect(registry().nextNumber()).toBe(2);
  registry().open(version(), LEASE);
  expect(registry().nextNumber()).toBe(3);
  registry().move(VERSION, 'cancelled', 'forgotten');
  expect(registry().nextNumber()).toBe(3);
  const twelfth = 'v12_major_20260103_000000';
  registry().open(version({ versionId: twelfth }), LEASE);
  end(twelfth);
  base.sql(`INSERT INTO version_registry (version_id, status) VALUES ('by hand 99', 'pending')`);
  expect(registry().nextNumber()).toBe(13);
  base.sql('DROP TABLE operation_log; DROP TABLE version_registry');
  expect(registry().nextNumber()).toBe(2);
});

describe('recording a validation', () => {
  const counts = { chapters: 4, paragraphs: 41, passed: false };

  it('sets the counts and the verdict, again and again, until the version has ended', () => {
    registry().open(version(), LEASE);
    registry().recordValidation(VERSION, counts);
    expect(registry().find(VERSION)).toMatchObject({ chapterCount: 4, paragraphCount: 41, validationPassed: false });
    registry().move(VERSION, 'staging', null);
    registry().move(VERSION, 'validating', null);
    registry().recordValidation(VERSION, { ...counts, passed: true });
    registry().commit(VERSION, 'ann', operation, LEASE);
    registry().recordValidation(VERSION, { ...counts, passed: true });
    expect(registry().find(VERSION)).toMatchObject({ status: 'committed', paragraphCount: 41, validationPassed: true });
    const before = base.digest();
    expectCode(() => registry().recordValidation(VERSION, counts), 'STATUS_MOVE_REFUSED');
    expectCode(() => registry().recordValidation('v9_minor_20260101_000000', counts), 'VERSION_UNKNOWN');
    expect(base.digest()).toBe(before);
  });
});

test('notes are set and cleared at any time, a committed baseline’s too, and move no other moment', () => {
  const before = registry().find(BASELINE);
  base.sql(`UPDATE version_registry SET updated_at = '2026-01-01 00:00:00'`);
  expect(registry().setNotes(BASELINE, 'ours')).toEqual({ ...before, updatedAt: '2026-01-01 00:00:00', notes: 'ours' });
  expect(registry().setNotes(BASELINE, null)).toMatchObject({ notes: null, updatedAt: '2026-01-01 00:00:00' });
  expectCode(() => registry().setNotes(VERSION, 'x'), 'VERSION_UNKNOWN');
});
