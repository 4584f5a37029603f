import { expectCode, LEASE, PAST } from './support/metadata-file';
import { BASELINE, StagedBase, VERSION } from './support/staged-base';

let base: StagedBase;
beforeEach(() => {
  base = new StagedBase();
});
afterEach(() => base.remove());

const pin = { versionId: BASELINE, reason: 'the audit of May', by: 'ann' };

describe('a pin', () => {
  it('stands until it is taken off, once, and is replaced where it is there', () => {
    const { pins } = base.store;
    expect([pins.list(), pins.remove(BASELINE)]).toEqual([[], false]);
    const first = pins.add(pin, LEASE);
    expect(first).toEqual({
      ...pin,
      pinnedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/) as string,
    });
    expect(Math.abs(Date.parse(first.pinnedAt) - Date.now())).toBeLessThan(60_000);
    expect(pins.list()).toEqual([first]);
    base.sql(`UPDATE version_pins SET pinned_at = '2026-01-01 00:00:00'`);
    expect(pins.list()).toEqual([{ ...pin, pinnedAt: '2026-01-01T00:00:00.000Z' }]);
    const second = pins.add({ ...pin, reason: 'another', by: 'bob' }, LEASE);
    expect(pins.list()).toEqual([second]);
    expect(second).toMatchObject({ reason: 'another', by: 'bob' });
    expect([pins.remove(BASELINE), pins.remove(BASELINE), pins.list()]).toEqual([true, false, []]);
  });

  it('is one a version, told in the order of pinning', () => {
    base.store.registry.open(
      { versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 0, paragraphCount: 0 },
      LEASE,
    );
    base.store.pins.add({ ...pin, versionId: VERSION }, LEASE);
    base.store.pins.add(pin, LEASE);
    base.store.pins.add({ ...pin, versionId: VERSION, reason: 'again' }, LEASE);
    expect(base.store.pins.list().map(({ versionId }) => versionId)).toEqual([VERSION, BASELINE]);
    expect(base.store.pins.remove(VERSION)).toBe(true);
    expect(base.store.pins.list().map(({ versionId }) => versionId)).toEqual([BASELINE]);
  });

  it('is refused for a version that there is not, an attempt whose time has passed, and where there is no table', () => {
    const before = base.digest();
    expectCode(() => base.store.pins.add({ ...pin, versionId: VERSION }, LEASE), 'VERSION_UNKNOWN');
    expectCode(() => base.store.pins.add(pin, PAST), 'FENCED');
    expect(base.digest()).toBe(before);
    base.sql('DROP TABLE version_pins');
    expect([base.store.pins.list(), base.store.pins.remove(BASELINE)]).toEqual([[], false]);
    expectCode(() => base.store.pins.add(pin, LEASE), 'SCHEMA_CONFLICT');
  });

  it('is no part of production', () => {
    const before = base.store.fingerprint();
    base.store.pins.add(pin, LEASE);
    expect(base.store.fingerprint()).toEqual(before);
    base.store.restoreFrom(base.copy, LEASE);
    expect(base.store.pins.list()).toHaveLength(1);
  });
});
