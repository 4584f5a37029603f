import { changesBetween, driftText, isDrift, predictDrift, summarizeChanges } from '../../domain/restore';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { StoreName } from '../../domain/names';

const group = (name: string, items: number, content = name): GroupFingerprint => ({
  group: name,
  items,
  sha256: content.padEnd(64, '0'),
});
const of = (...groups: GroupFingerprint[]) => ({ groups });
const staying = (store: StoreName, production: GroupFingerprint[], version: GroupFingerprint[]) => ({
  store,
  production: of(...production),
  version: of(...version),
});

test('tells chapters that come, change and go from what belongs to no chapter', () => {
  const production = of(group('a:ch1', 1), group('a:ch2', 1, 'new'), group('a:ch4', 1), group('(schema)', 1, 'x'));
  const version = of(group('a:ch1', 1), group('a:ch2', 1, 'old'), group('a:ch3', 1), group('(schema)', 1, 'y'));
  expect(changesBetween(production, version)).toEqual({
    added: ['a:ch3'],
    changed: ['a:ch2'],
    removed: ['a:ch4'],
    others: ['(schema)'],
  });
  expect(summarizeChanges(version, version).chapters).toEqual({ added: 0, changed: 0, removed: 0 });
});

test('names few of many, and counts them all', () => {
  const chapters = Array.from({ length: 40 }, (_, i) => group(`a:ch${100 + i}`, 2));
  const { chapters: numbers, samples } = summarizeChanges(of(...chapters), of());
  expect([numbers, samples.removed.length]).toEqual([{ added: 0, changed: 0, removed: 40 }, 5]);
  const drift = predictDrift([staying('qdrant', chapters, [])]);
  expect([drift.chapters, drift.chunks, drift.samples.length]).toEqual([40, 80, 20]);
});

test('a chapter drifts where a store that stays holds another one than the version', () => {
  const drift = predictDrift([
    staying('qdrant', [group('a:ch1', 5, 'new'), group('a:ch2', 3)], [group('a:ch1', 4, 'old'), group('a:ch2', 3)]),
    staying(
      'neo4j',
      [group('a:ch1', 7, 'new'), group('(schema)', 2)],
      [group('a:ch1', 4, 'old'), group('(schema)', 2)],
    ),
  ]);
  expect(drift).toEqual({
    chapters: 1,
    // The larger of what either side holds: these are the chunks that somebody may miss or find twice.
    chunks: 7,
    samples: [
      { chapter: 'a:ch1', store: 'qdrant', version: 4, production: 5 },
      { chapter: 'a:ch1', store: 'neo4j', version: 4, production: 7 },
    ],
    others: [],
  });
  expect(driftText(drift)).toBe('1 chapter (7 chunks)');
});

test('a row of SQLite is no chunk; a chapter that only one side has drifts too', () => {
  const drift = predictDrift([staying('sqlite', [group('a:ch1', 1)], [group('a:ch2', 1)])]);
  expect(drift).toMatchObject({ chapters: 2, chunks: 0 });
  expect(drift.samples).toEqual([
    { chapter: 'a:ch1', store: 'sqlite', version: null, production: 1 },
    { chapter: 'a:ch2', store: 'sqlite', version: 1, production: null },
  ]);
});

test('what belongs to no chapter is drift as well, and named by its store', () => {
  const drift = predictDrift([
    staying('neo4j', [group('(relationships)', 9, 'n')], [group('(relationships)', 8, 'o')]),
  ]);
  expect([drift.chapters, isDrift(drift), driftText(drift)]).toEqual([0, true, 'neo4j (relationships)']);
});

test('stores that hold the version already do not drift, nor does a restore of all three', () => {
  const same = [group('a:ch1', 4), group('(schema)', 2)];
  expect(isDrift(predictDrift([staying('qdrant', same, same), staying('neo4j', same, same)]))).toBe(false);
  expect(isDrift(null)).toBe(false);
});
