import fc from 'fast-check';
import type { VersionStatus } from '../../domain/status';
import {
  freedBytes,
  isEmpty,
  planWindow,
  type StoredFile,
  type WindowPlan,
  type WindowRequest,
  type WindowVersion,
} from '../../domain/window';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const SETTINGS = { keep: 5, emergencyKeep: 3, archiveDays: 90, graceMinutes: 60 };

const idOf = (number: number) =>
  number === 1
    ? 'v1_baseline_20260101_000000'
    : `v${number}_minor_20260101_0000${String(number % 60).padStart(2, '0')}`;
const file = (inode: string, { bytes = 100, links = 1 } = {}): StoredFile => ({ file: 'f', bytes, inode, links });

function version(number: number, more: Partial<WindowVersion> = {}): WindowVersion {
  const versionId = idOf(number);
  const status: VersionStatus = 'committed';
  const updatedAt = '2026-05-31 00:00:00';
  return { versionId, status, updatedAt, files: [file(versionId)], archived: null, intact: null, ...more };
}

const inArchive = (number: number, updatedAt = '2026-05-31 00:00:00') =>
  version(number, { status: 'archived', updatedAt, files: null, archived: [file(`a${number}`, { bytes: 10 })] });

function plan(versions: WindowVersion[], more: Partial<WindowRequest> = {}): WindowPlan {
  const current = versions.findLast(({ status }) => status === 'committed')?.versionId ?? null;
  return planWindow({ versions, current, pins: new Map(), inUse: new Map(), now: NOW, settings: SETTINGS, ...more });
}

const numbers = (items: WindowPlan['keep']) => items.map(({ versionId }) => Number(/^v(\d+)/.exec(versionId)?.[1]));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const ruleOf = ({ keep, archive, delete: gone }: WindowPlan, number: number) =>
  [...keep, ...archive, ...gone].find(({ versionId }) => versionId === idOf(number))?.rule;

describe('the window', () => {
  test('the baseline and the five newest stay, the oldest go first', () => {
    const found = plan(range(1, 9).map((number) => version(number)));
    expect(numbers(found.keep)).toEqual([1, 5, 6, 7, 8, 9]);
    expect(numbers(found.archive)).toEqual([2, 3, 4]);
    expect([found.delete, found.archivesBytes, found.freesBytes]).toEqual([[], 300, 0]);
    expect(found.archive[0]).toEqual({
      ...{ versionId: idOf(2), rule: 'beyond the window', reason: 'older than the newest 5' },
      ...{ bytes: 100, sharedBytes: 0 },
    });
  });

  test('no more than there is room for: nothing leaves', () => {
    expect(isEmpty(plan(range(1, 6).map((number) => version(number))))).toBe(true);
    expect(isEmpty(plan([]))).toBe(true);
  });

  test('what is held stays beside them, each with its reason', () => {
    const found = plan(
      range(1, 12).map((number) => version(number)),
      {
        current: idOf(2),
        pins: new Map([[idOf(3), 'the release']]),
        inUse: new Map([[idOf(4), 'a restore of it is not ended']]),
      },
    );
    expect(range(1, 4).map((number) => ruleOf(found, number))).toEqual(['baseline', 'current', 'pinned', 'in use']);
    expect(numbers(found.archive)).toEqual([5, 6, 7]);
    expect(found.keep.find(({ rule }) => rule === 'pinned')?.reason).toBe('pinned: the release');
  });

  test('the last good one stays, whatever its age, and damaged ones take no place', () => {
    const broken = range(4, 9).map((number) => version(number, { intact: false }));
    const found = plan([version(1), version(2), version(3, { intact: true }), ...broken], { current: idOf(9) });
    expect(ruleOf(found, 3)).toBe('last good');
    expect(ruleOf(found, 5)).toBe('damaged');
    expect(isEmpty(found)).toBe(true);
    const older = plan([
      ...range(1, 9).map((number) => version(number)),
      ...range(10, 12).map((n) => version(n, { intact: false })),
    ]);
    expect(numbers(older.archive)).toEqual([2, 3, 4]);
  });

  test('one whose files are gone is told of, and nothing is done to it', () => {
    const found = plan([version(2, { files: null }), ...range(3, 9).map((number) => version(number))]);
    expect([ruleOf(found, 2), numbers(found.archive)]).toEqual(['damaged', [3, 4]]);
  });

  test('versions that never were committed are no part of it', () => {
    const others = (['pending', 'staging', 'validating', 'rolled_back', 'cancelled'] as const).map((status, i) =>
      version(20 + i, { status }),
    );
    const found = plan([...range(1, 6).map((number) => version(number)), ...others], { current: idOf(6) });
    expect([numbers(found.keep), isEmpty(found)]).toEqual([range(1, 6), true]);
  });
});

describe('the archive', () => {
  test('keeps what it has for as long as it is told, then lets it go', () => {
    const found = plan([inArchive(2, '2026-03-02 23:59:59'), inArchive(3, '2026-03-03 00:00:01'), version(4)]);
    expect([numbers(found.delete), numbers(found.keep)]).toEqual([[2], [3, 4]]);
    expect(found.freesBytes).toBe(10);
    expect(found.keep[0]?.reason).toBe('archived; deleted after 2026-06-01');
  });

  test('keeps what is pinned for good', () => {
    const found = plan([inArchive(2, '2020-01-01 00:00:00')], { pins: new Map([[idOf(2), 'kept']]) });
    expect([isEmpty(found), ruleOf(found, 2)]).toEqual([true, 'pinned']);
  });

  test('completes what was broken off: files moved and the row not, or the row moved and the files not', () => {
    const moved = version(2, { files: null, archived: [file('a2')] });
    const rowOnly = version(3, { status: 'archived' });
    const found = plan([moved, rowOnly, version(4)]);
    expect(numbers(found.archive)).toEqual([2, 3]);
    expect(found.archive.map(({ rule }) => rule)).toEqual(['to be completed', 'to be completed']);
  });
});

describe('an emergency', () => {
  const versions = [inArchive(2), ...range(3, 9).map((number) => version(number)), version(1)];

  test('keeps three, and deletes the rest at once, the archived ones too', () => {
    const found = plan(versions, { emergency: true });
    expect([numbers(found.keep), numbers(found.delete), found.archive]).toEqual([[1, 7, 8, 9], [2, 3, 4, 5, 6], []]);
    expect(found.freesBytes).toBe(410);
  });

  test('spares what is held', () => {
    const pins = new Map([
      [idOf(2), 'p'],
      [idOf(3), 'p'],
    ]);
    expect(numbers(plan(versions, { emergency: true, pins }).delete)).toEqual([4, 5, 6]);
  });
});

describe('what is freed', () => {
  test('bytes of several names count once, and only where the last name goes', () => {
    const shared = file('x', { bytes: 1_000, links: 2 });
    expect(freedBytes([shared])).toBe(0);
    expect(freedBytes([shared, shared])).toBe(1_000);
    expect(freedBytes([shared, file('y')])).toBe(100);
    const pair = [2, 3].map((number) => version(number, { files: [shared, file(`own${number}`)] }));
    const rest = range(4, 6).map((number) => version(number));
    const one = plan([...pair, ...rest, version(7)], { emergency: true, pins: new Map([[idOf(3), 'p']]) });
    expect([one.delete[0]?.bytes, one.delete[0]?.sharedBytes, one.freesBytes]).toEqual([1_100, 1_000, 200]);
    expect(plan([...pair, ...rest], { emergency: true }).freesBytes).toBe(1_200);
  });
});

/** Any registry and any state of the folders that a killed run may have left. */
const histories = fc
  .record({
    versions: fc.array(
      fc.record({
        status: fc.constantFrom<VersionStatus>(
          'committed',
          'committed',
          'committed',
          'archived',
          'rolled_back',
          'staging',
        ),
        beside: fc.boolean(),
        archive: fc.boolean(),
        intact: fc.constantFrom(true, false, null),
        days: fc.integer({ min: 0, max: 200 }),
        pinned: fc.boolean(),
        used: fc.boolean(),
      }),
      { maxLength: 15 },
    ),
    current: fc.nat(14),
    keep: fc.integer({ min: 1, max: 6 }),
    emergency: fc.boolean(),
  })
  .map(({ versions, current, keep, emergency }) => {
    const made = versions.map(({ status, beside, archive, intact, days }, i): WindowVersion => {
      const number = i + 1;
      const moved = new Date(NOW.getTime() - days * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
      // A baseline is never archived; whatever is committed has its files somewhere, or has lost them.
      const baseline = number === 1;
      return version(number, {
        status: baseline ? 'committed' : status,
        updatedAt: moved,
        files: baseline || beside ? [file(`b${number}`)] : null,
        archived: !baseline && archive ? [file(`a${number}`)] : null,
        intact,
      });
    });
    const named = (of: 'pinned' | 'used') =>
      new Map(versions.flatMap((one, i) => (one[of] && i % 3 === 0 ? [[idOf(i + 1), 'why'] as const] : [])));
    const committed = made.filter(({ status, files }) => status === 'committed' && files !== null);
    const settings = { ...SETTINGS, keep, emergencyKeep: Math.min(keep, 3) };
    const currentId = committed.length === 0 ? null : (committed[current % committed.length]?.versionId ?? null);
    return {
      versions: made,
      current: currentId,
      pins: named('pinned'),
      inUse: named('used'),
      now: NOW,
      settings,
      emergency,
    };
  });

/** The versions as they are once the plan has been carried out. */
function carriedOut(request: WindowRequest): WindowVersion[] {
  const { archive, delete: gone } = planWindow(request);
  const among = (items: WindowPlan['keep'], { versionId }: WindowVersion) =>
    items.some((one) => one.versionId === versionId);
  const moved = NOW.toISOString().slice(0, 19).replace('T', ' ');
  return request.versions.map((one) => {
    const updatedAt = one.status === 'archived' ? one.updatedAt : moved;
    if (among(gone, one)) return { ...one, status: 'archived', updatedAt, files: null, archived: null };
    if (!among(archive, one)) return one;
    const files = one.archived ?? [file(`a of ${one.versionId}`)];
    return { ...one, status: 'archived', updatedAt, files: null, archived: files };
  });
}

describe('whatever has happened before', () => {
  test('nothing that is held ever leaves', () => {
    fc.assert(
      fc.property(histories, (request) => {
        const { archive, delete: gone } = planWindow(request);
        const lastGood = request.versions.findLast((v) => v.status === 'committed' && v.files && v.intact === true);
        const held = [idOf(1), request.current, lastGood?.versionId, ...request.pins.keys(), ...request.inUse.keys()];
        for (const { versionId, rule } of [...archive, ...gone]) {
          // What has no folder beside the others has left already; a pin only keeps it from being deleted.
          if (rule === 'to be completed') continue;
          expect(held).not.toContain(versionId);
        }
        for (const { versionId } of gone) expect(held).not.toContain(versionId);
      }),
    );
  });

  test('at most the number stays beside what is exempt, and those are the newest', () => {
    fc.assert(
      fc.property(histories, (request) => {
        const { keep, archive, delete: gone } = planWindow(request);
        const limit = request.emergency ? request.settings.emergencyKeep : request.settings.keep;
        const newest = numbers(keep.filter(({ rule }) => rule === 'newest'));
        expect(newest.length).toBeLessThanOrEqual(limit);
        const beyond = [...archive, ...gone].filter(
          ({ rule, versionId }) =>
            (rule === 'beyond the window' || rule === 'emergency') &&
            request.versions.some((v) => v.versionId === versionId && v.status === 'committed' && v.files),
        );
        expect(Math.max(0, ...numbers(beyond))).toBeLessThan(Math.min(1e9, ...newest));
      }),
    );
  });

  test('each list is oldest first, and no version stands in two', () => {
    fc.assert(
      fc.property(histories, (request) => {
        const { keep, archive, delete: gone } = planWindow({ ...request, versions: [...request.versions].reverse() });
        for (const list of [keep, archive, gone]) {
          expect(numbers(list)).toEqual([...numbers(list)].sort((a, b) => a - b));
        }
        const all = [...keep, ...archive, ...gone].map(({ versionId }) => versionId);
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  test('planning again after it was carried out gives nothing', () => {
    fc.assert(
      fc.property(histories, (request) => {
        expect(isEmpty(planWindow({ ...request, versions: carriedOut(request) }))).toBe(true);
      }),
    );
  });
});
