import fc from 'fast-check';
import { formatVersionId, isVersionId, parseVersionId, versionLabel, type VersionId } from '../../domain/version-id';

const moment = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const later: fc.Arbitrary<VersionId> = fc.record({
  number: fc.integer({ min: 2, max: 999_999_999 }),
  kind: fc.constantFrom('minor' as const, 'major' as const),
  at: moment,
});
const baseline: fc.Arbitrary<VersionId> = fc.record({
  number: fc.constant(1),
  kind: fc.constant('baseline' as const),
  at: moment,
});
const version = fc.oneof(later, baseline);

describe('a version id', () => {
  it('prints as the plan writes it', () => {
    const at = new Date('2025-12-25T20:00:00.999Z');
    expect(formatVersionId({ number: 1, kind: 'baseline', at })).toBe('v1_baseline_20251225_200000');
    expect(formatVersionId({ number: 12, kind: 'minor', at })).toBe('v12_minor_20251225_200000');
  });

  it('reads back as what it was made of, to the second', () => {
    fc.assert(
      fc.property(version, (id) => {
        const seconds = new Date(Math.floor(id.at.getTime() / 1000) * 1000);
        expect(parseVersionId(formatVersionId(id))).toEqual({ ...id, at: seconds });
      }),
    );
  });

  it('is the same text again wherever a text is accepted at all', () => {
    const digits = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
    const texts = fc
      .tuple(
        fc.integer({ min: 0, max: 3 }),
        fc.constantFrom('baseline', 'minor', 'major'),
        fc.array(digits, { minLength: 7, maxLength: 7 }),
      )
      .map(([n, kind, d]) => `v${n}_${kind}_${d.slice(0, 4).join('')}_${d.slice(4).join('')}`);
    fc.assert(
      fc.property(texts, (text) => {
        if (isVersionId(text)) expect(formatVersionId(parseVersionId(text))).toBe(text);
        else expect(() => parseVersionId(text)).toThrow(/is not a version id/);
      }),
    );
  });

  it.each([
    '',
    'latest-copy',
    'v0_minor_20251225_200000',
    'v01_baseline_20251225_200000',
    'v1_minor_20251225_200000',
    'v2_baseline_20251225_200000',
    'v2_patch_20251225_200000',
    'v2_minor_20250231_200000',
    'v2_minor_20251325_200000',
    'v2_minor_20251225_240000',
    'v2_minor_20251225_200060',
    'v2_minor_20251225_2000',
    ' v2_minor_20251225_200000',
    'v2_minor_20251225_200000\n',
    'V2_minor_20251225_200000',
    'v2_minor_20251225_200000/../..',
  ])('is not %j', (text) => {
    expect(isVersionId(text)).toBe(false);
    expect(() => parseVersionId(text)).toThrow(expect.objectContaining({ code: 'VERSION_UNKNOWN' }) as Error);
  });

  it.each<VersionId>([
    { number: 2, kind: 'baseline', at: new Date(0) },
    { number: 1, kind: 'major', at: new Date(0) },
    { number: 0, kind: 'minor', at: new Date(0) },
    { number: 2.5, kind: 'minor', at: new Date(0) },
    { number: 1_000_000_000, kind: 'minor', at: new Date(0) },
    { number: 2, kind: 'minor', at: new Date(Date.UTC(10_000, 0, 1)) },
  ])('is not made of %j', (id) => {
    expect(() => formatVersionId(id)).toThrow(expect.objectContaining({ code: 'VERSION_UNKNOWN' }) as Error);
  });

  it('sorts by time within one number, and gives the label without the time', () => {
    fc.assert(
      fc.property(later, moment, (id, at) => {
        const [a, b] = [formatVersionId(id), formatVersionId({ ...id, at })];
        if (id.at.getTime() + 1000 <= at.getTime()) expect(a < b).toBe(true);
        expect(versionLabel(a)).toBe(versionLabel(b));
        expect(versionLabel(a)).toBe(`v${id.number}_${id.kind}`);
      }),
    );
    expect(versionLabel('v1_baseline_20251225_200000')).toBe('v1_baseline');
    expect(() => versionLabel('v1_baseline')).toThrow(/is not a version id/);
  });
});
