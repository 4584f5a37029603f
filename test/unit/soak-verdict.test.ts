import { FEWEST_VERSIONS, judgeSoak, type SoakRow } from '../../bench/soak-verdict';

const MIB = 2 ** 20;
const row = (given: Partial<SoakRow> = {}): SoakRow => ({
  ...{ name: 'v', residentBytes: 300 * MIB, openFiles: 50, leftovers: [] },
  ...given,
});
const BASELINE = row({ name: 'baseline', residentBytes: 100 * MIB, openFiles: 20 });
const rows = (memory: number[], more: Partial<SoakRow> = {}) =>
  memory.map((mebibytes, nth) => row({ name: `v${nth + 2}`, residentBytes: mebibytes * MIB, ...more }));
const STEADY = [300, 300, 300, 300, 300, 300];
const within = (versions: SoakRow[], baseline = BASELINE) =>
  judgeSoak(baseline, versions).map((verdict) => verdict.within);

test('what does not grow is within all limits, whatever the baseline began with', () => {
  expect(judgeSoak(BASELINE, rows(STEADY))).toEqual([
    { name: expect.stringContaining('memory') as string, found: '300.0 MiB', limit: '407.0 MiB', within: true },
    { name: expect.stringContaining('files') as string, found: '50', limit: '58', within: true },
    { name: expect.stringContaining('leftovers') as string, found: 'none', limit: 'none', within: true },
  ]);
});

test.each([
  ['at the limit', [300, 300, 300, 300, 407, 407, 407], true],
  ['above it', [300, 300, 300, 300, 408, 408, 408], false],
  ['where the first were small', [100, 100, 100, 158, 158, 158], false],
  ['one outlier at the end', [300, 300, 300, 300, 300, 900], true],
  ['one outlier at the beginning', [900, 300, 300, 408, 408, 408], false],
  ['what fell again meanwhile', [300, 300, 300, 900, 900, 900, 300, 300, 300], true],
])('memory: %s', (_, memory, expected) => {
  expect(within(rows(memory))).toEqual([expected, true, true]);
});

test.each([
  [58, true],
  [59, false],
])('open files: %i of 50 at first', (openFiles, expected) => {
  // In the middle: what was let go of later had leaked all the same.
  const versions = rows(STEADY).map((one, nth) => (nth === 3 ? { ...one, openFiles } : one));
  expect(within(versions)).toEqual([true, expected, true]);
});

test('a leftover is told by its version, that of the baseline too', () => {
  const [first, ...others] = rows(STEADY);
  const left = { ...row({ ...first }), leftovers: ['snapshot (safe to remove)'] };
  expect(judgeSoak(BASELINE, [left, ...others])[2]).toMatchObject({
    ...{ within: false, found: 'snapshot (safe to remove) after v2' },
  });
  expect(within(rows(STEADY), { ...BASELINE, leftovers: ['a claim'] })).toEqual([true, true, false]);
});

test('what nobody could measure is neither within nor over', () => {
  expect(within(rows(STEADY, { residentBytes: null, openFiles: null }))).toEqual([null, null, true]);
});

test('too few versions are not judged', () => {
  expect(() => judgeSoak(BASELINE, rows(STEADY.slice(1)))).toThrow(RangeError);
  expect(FEWEST_VERSIONS).toBe(6);
});
