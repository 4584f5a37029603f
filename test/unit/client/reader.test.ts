import { readOneVersion, type VersionRead } from '../../../client/reader';
import type { SwitchEntry, SwitchState } from '../../../domain/switch-journal';

const BASELINE = 'v1_baseline_20260101_000000';
const PACE = { pauseMs: 1 };

/** A journal in memory; `looked` is called before each look at its newest entry. */
class Journal {
  entries: SwitchEntry[] = [];
  baseline: string | undefined = BASELINE;
  looks = 0;
  looked: (nth: number) => void = () => undefined;

  begin(versionId: string): void {
    this.entries.unshift({ id: this.entries.length + 1, versionId, state: 'switching' } as SwitchEntry);
  }

  become(state: SwitchState): void {
    Object.assign(this.entries[0] ?? {}, { state });
  }

  promote(versionId: string): void {
    this.begin(versionId);
    this.become('done');
  }

  list(): SwitchEntry[] {
    this.looked(++this.looks);
    return this.entries;
  }

  current() {
    const committed = this.entries.find(({ state }) => state === 'committed' || state === 'done');
    const versionId = committed?.versionId ?? this.baseline;
    return versionId === undefined ? undefined : { versionId, since: '2026-01-01T00:00:00.000Z' };
  }
}

let journal: Journal;
let seen: string[];
beforeEach(() => {
  journal = new Journal();
  seen = [];
});

/** A read that notes what it was called with; `during` happens while its nth call reads. */
const reading =
  (during: (nth: number) => void = () => undefined) =>
  async ({ versionId }: VersionRead) => {
    seen.push(versionId);
    during(seen.length);
    return `read of ${versionId}`;
  };

test('reads once where nothing is switched, and hands over the version', async () => {
  journal.promote('v2');
  expect(await readOneVersion(journal, reading())).toBe('read of v2');
  expect([seen, journal.looks]).toEqual([['v2'], 2]);
});

test('a base without an entry is its baseline; one without a version is refused, and nothing is read', async () => {
  expect(await readOneVersion(journal, reading())).toBe(`read of ${BASELINE}`);
  journal.baseline = undefined;
  const failure = readOneVersion(journal, reading());
  await expect(failure).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
  expect(seen).toEqual([BASELINE]);
});

test('waits while a switch is under way, and reads what it became', async () => {
  journal.promote('v2');
  journal.begin('v3');
  journal.looked = (nth) => nth === 3 && journal.become('committed');
  expect(await readOneVersion(journal, reading(), PACE)).toBe('read of v3');
  expect(seen).toEqual(['v3']);
});

test('a switch that is taken back leaves the version before it', async () => {
  journal.promote('v2');
  journal.begin('v3');
  journal.looked = (nth) => nth === 3 && journal.become('undone');
  expect(await readOneVersion(journal, reading(), PACE)).toBe('read of v2');
});

test.each<[string, () => void]>([
  ['a whole switch came in between', () => journal.promote('v3')],
  [
    'a switch came in between and was taken back: its stores may have shown what nobody kept',
    () => (journal.begin('v3'), journal.become('undone')),
  ],
])('reads again where %s', async (_, between) => {
  journal.promote('v2');
  const read = readOneVersion(
    journal,
    reading((nth) => nth === 1 && between()),
    PACE,
  );
  const now = journal.current()?.versionId;
  expect(await read).toBe(`read of ${now}`);
  expect(seen).toEqual(['v2', now]);
});

test('reads again, and only once it is over, where a switch began while it read', async () => {
  journal.promote('v2');
  journal.looked = (nth) => nth === 4 && journal.become('committed');
  const read = readOneVersion(
    journal,
    reading((nth) => nth === 1 && journal.begin('v3')),
    PACE,
  );
  expect(await read).toBe('read of v3');
  expect(seen).toEqual(['v2', 'v3']);
});

test('does not read again because a committed switch is done by then: production is what it was', async () => {
  journal.begin('v2');
  journal.become('committed');
  expect(
    await readOneVersion(
      journal,
      reading(() => journal.become('done')),
    ),
  ).toBe('read of v2');
  expect(seen).toEqual(['v2']);
});

test('a read that fails while a switch goes on is done again; one that fails in peace has failed', async () => {
  journal.promote('v2');
  const failing = reading((nth) => {
    if (nth === 1) journal.promote('v3');
    if (nth === 1) throw new Error('half of it was gone');
  });
  expect(await readOneVersion(journal, failing, PACE)).toBe('read of v3');
  const broken = reading(() => {
    throw new TypeError('a bug of the reader');
  });
  await expect(readOneVersion(journal, broken, PACE)).rejects.toThrow(new TypeError('a bug of the reader'));
  expect(seen).toEqual(['v2', 'v3', 'v3']);
});

test('says that there was no time to read, where a switch does not end: nothing is read', async () => {
  journal.begin('v2');
  const failure = readOneVersion(journal, reading(), { timeoutMs: 20, pauseMs: 1 });
  await expect(failure).rejects.toMatchObject({
    code: 'WAIT_TIMED_OUT',
    message: expect.stringContaining('switched for 0.02 s') as string,
  });
  expect(seen).toEqual([]);
  expect(journal.looks).toBeGreaterThan(1);
});

test('and where one switch follows the other: what was read in between is thrown away', async () => {
  let versions = 2;
  const crossed = reading(() => journal.promote(`v${versions++}`));
  const failure = readOneVersion(journal, crossed, { timeoutMs: 20, pauseMs: 1 });
  await expect(failure).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' });
  expect(seen.length).toBeGreaterThan(1);
});

test('reads at least once, however little time it is given', async () => {
  expect(await readOneVersion(journal, reading(), { timeoutMs: 0 })).toBe(`read of ${BASELINE}`);
});
