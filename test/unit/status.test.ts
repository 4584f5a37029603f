import fc from 'fast-check';
import { OPERATION_LOG, VERSION_REGISTRY, compareColumns, type Column } from '../../domain/registry-schema';
import { ACTIVE_STATUSES, VERSION_STATUSES, assertMove, canMove, type VersionStatus } from '../../domain/status';

const status = fc.constantFrom(...VERSION_STATUSES);

/** Every move that the specification draws, and whose it is. */
const DRAWN: [VersionStatus, VersionStatus, 'both' | 'baseline' | 'other'][] = [
  ['pending', 'validating', 'baseline'],
  ['pending', 'staging', 'other'],
  ['pending', 'cancelled', 'both'],
  ['staging', 'validating', 'both'],
  ['staging', 'rollback_triggered', 'both'],
  ['validating', 'committed', 'both'],
  ['validating', 'rollback_triggered', 'both'],
  ['committed', 'archived', 'other'],
  ['rollback_triggered', 'rolling_back', 'both'],
  ['rolling_back', 'rolled_back', 'both'],
  ['rolled_back', 'archived', 'both'],
];

/** All states that can be reached from one. */
function reachable(from: VersionStatus, baseline: boolean): Set<VersionStatus> {
  const seen = new Set<VersionStatus>([from]);
  for (const state of seen) {
    for (const next of VERSION_STATUSES) if (canMove(state, next, { baseline })) seen.add(next);
  }
  return seen;
}

describe('the status machine', () => {
  it.each([true, false])('allows the moves that are drawn and no other (baseline: %s)', (baseline) => {
    for (const from of VERSION_STATUSES) {
      for (const to of VERSION_STATUSES) {
        const drawn = DRAWN.some(
          ([a, b, whose]) => a === from && b === to && whose !== (baseline ? 'other' : 'baseline'),
        );
        expect([from, to, canMove(from, to, { baseline })]).toEqual([from, to, drawn]);
      }
    }
  });

  it('refuses every other move with an error that names both states', () => {
    fc.assert(
      fc.property(status, status, fc.boolean(), (from, to, baseline) => {
        const move = () => assertMove('v', from, to, baseline);
        if (canMove(from, to, { baseline })) return expect(move).not.toThrow();
        const code = baseline && from === 'committed' ? 'BASELINE_IMMUTABLE' : 'STATUS_MOVE_REFUSED';
        expect(move).toThrow(expect.objectContaining({ code }) as Error);
        expect(move).toThrow(new RegExp(`from ${from} to ${to}`));
      }),
    );
  });

  it('never lets a baseline leave committed, on whatever path it came there', () => {
    fc.assert(
      fc.property(fc.array(status, { maxLength: 40 }), (wishes) => {
        let now: VersionStatus = 'pending';
        let committed = false;
        for (const wish of wishes) {
          if (canMove(now, wish, { baseline: true })) now = wish;
          committed ||= now === 'committed';
          if (committed) expect(now).toBe('committed');
        }
      }),
      { numRuns: 500 },
    );
    expect([...reachable('committed', true)]).toEqual(['committed']);
    expect(reachable('pending', true)).toContain('committed');
    expect(reachable('pending', true)).not.toContain('staging');
  });

  it('leaves every version that is under way a way to an end, and no way back from one', () => {
    for (const baseline of [true, false]) {
      for (const from of ACTIVE_STATUSES) {
        const ends = ['committed', 'rolled_back', 'cancelled'] as const;
        expect(ends.some((end) => reachable(from, baseline).has(end))).toBe(true);
      }
      for (const end of ['committed', 'rolled_back', 'cancelled', 'archived'] as const) {
        expect(ACTIVE_STATUSES.filter((active) => reachable(end, baseline).has(active))).toEqual([]);
      }
    }
  });
});

describe('comparing columns', () => {
  const column: fc.Arbitrary<Column> = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    type: fc.constantFrom('TEXT', 'INTEGER', ''),
    notNull: fc.boolean(),
    primaryKey: fc.boolean(),
  });
  const columns = fc.uniqueArray(column, { selector: (c) => c.name });

  it('finds a table equal to itself, whatever the order of its columns and the case of its types', () => {
    fc.assert(
      fc.property(columns, (found) => {
        const other = found.map((c) => ({ ...c, type: c.type.toLowerCase() })).reverse();
        expect(compareColumns(found, other)).toEqual([]);
      }),
    );
    for (const table of [VERSION_REGISTRY, OPERATION_LOG])
      expect(compareColumns(table.columns, table.columns)).toEqual([]);
  });

  it('tells one sentence per column that differs, and names it', () => {
    fc.assert(
      fc.property(columns, columns, (needed, found) => {
        const told = compareColumns(needed, found).map((sentence) => sentence.split(':')[0]);
        const print = (all: Column[], name: string) => JSON.stringify(all.find((c) => c.name === name));
        const names = [...new Set([...needed, ...found].map((c) => c.name))];
        const differing = names.filter((name) => print(needed, name) !== print(found, name));
        expect(told.sort()).toEqual(differing.sort());
      }),
    );
  });

  it('says what is found and what is needed', () => {
    const want = { name: 'id', type: 'INTEGER', notNull: false, primaryKey: true };
    expect(compareColumns([want], [{ ...want, type: 'text', primaryKey: false, notNull: true }])).toEqual([
      'id: found TEXT NOT NULL, needed INTEGER PRIMARY KEY',
    ]);
    expect(compareColumns([want], [])).toEqual(['id: missing (INTEGER PRIMARY KEY needed)']);
    expect(compareColumns([], [{ ...want, type: '', primaryKey: false }])).toEqual(['id: no type not known']);
  });
});
