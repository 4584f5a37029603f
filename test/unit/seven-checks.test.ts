import { MockActivityEnvironment } from '@temporalio/testing';
import { createFileChecks } from '../../activities/checks';
import type { CheckResult, Offenders } from '../../domain/checks';
import { chapterIdOf, chapterOfChunk } from '../../domain/chunk-id';
import { crossReferencesProblem } from '../../domain/cross-references';
import { OffenderTally, together } from '../../domain/offenders';
import {
  judgeChains,
  judgeChapters,
  judgeCountsAgree,
  judgeCoverage,
  judgeCrossReferences,
  judgeMatch,
  judgeOrphans,
  resultOf,
  SEVEN_CHECKS,
  type ChunkMatch,
} from '../../domain/seven-checks';
import { FakeWorld } from '../support/fake-world';

const NONE: Offenders = { total: 0, samples: [] };
const some = (...samples: string[]): Offenders => ({ total: samples.length, samples });
const chapters = (...textbooks: string[]) =>
  textbooks.map((textbookId, i) => ({ textbookId, chapterNumber: String(i + 1) }));

test('five are critical and two are warnings', () => {
  expect(SEVEN_CHECKS.map(({ number, severity }) => `${number} ${severity}`)).toEqual([
    ...['1 critical', '2 critical', '3 critical', '4 critical', '5 critical'],
    ...['6 warning', '7 warning'],
  ]);
  expect(resultOf(6, judgeOrphans(3, NONE), 12)).toMatchObject({ number: 6, severity: 'warning', durationMs: 12 });
});

describe('chapters', () => {
  const expected = { chapters: 3, perTextbook: { a: 2, b: 1 }, source: 'inventory' };

  test('are judged in total and per textbook', () => {
    expect(judgeChapters(chapters('a', 'b', 'a'), expected)).toEqual({
      passed: true,
      expected: '3 (a 2, b 1) (inventory)',
      actual: '3 (a 2, b 1)',
      offenders: NONE,
    });
    expect(judgeChapters(chapters('a', 'b', 'c'), expected)).toMatchObject({
      passed: false,
      offenders: some('a: 1 instead of 2', 'c: 1 instead of 0'),
    });
    expect(judgeChapters(chapters('a', 'a'), expected).offenders.samples).toEqual([
      'b: 0 instead of 1',
      'in all: 2 instead of 3',
    ]);
  });

  test('are judged by the total alone where only that is stated', () => {
    const total = { chapters: 2, perTextbook: null, source: 'configuration' };
    expect(judgeChapters(chapters('x', 'y'), total).passed).toBe(true);
    expect(judgeChapters(chapters('x'), total)).toMatchObject({ passed: false, expected: '2 (configuration)' });
  });

  test('must be there, whatever is stated', () => {
    expect(judgeChapters(chapters('x'), null)).toMatchObject({ passed: true, expected: 'no stated count' });
    expect(judgeChapters([], null).passed).toBe(false);
    expect(judgeChapters([], { chapters: 0, perTextbook: {}, source: 'inventory' }).passed).toBe(false);
  });
});

test.each([
  [5, 5, true, 0],
  [5, 4, false, 1],
  [0, 7, false, 7],
  [0, 0, false, 0],
])('%d points and %d paragraphs: %s', (points, paragraphs, passed, total) => {
  expect(judgeCountsAgree(points, paragraphs)).toMatchObject({ passed, offenders: { total } });
});

test('coverage names the chapters that are missing, and is no coverage of nothing or by nothing', () => {
  expect(judgeCoverage(2, [], 9).passed).toBe(true);
  expect(judgeCoverage(2, chapters('a'), 9)).toMatchObject({
    passed: false,
    actual: '1 chapters with chunks, 9 points',
    offenders: some('no chunk in Qdrant: a:ch1'),
  });
  expect([judgeCoverage(0, [], 9).passed, judgeCoverage(2, [], 0).passed]).toEqual([false, false]);
});

describe('the match of chunk ids', () => {
  const sound: ChunkMatch = {
    counted: { points: 4, paragraphs: 4 },
    read: { points: 4, paragraphs: 4 },
    inBoth: 4,
    ...{ onlyQdrant: NONE, onlyNeo4j: NONE, twiceQdrant: NONE, twiceNeo4j: NONE },
    ...{ unnamedQdrant: NONE, unnamedNeo4j: NONE },
  };

  test('is sound where nothing differs', () => {
    expect(judgeMatch(sound)).toMatchObject({ passed: true, actual: '4 in both', offenders: NONE });
  });

  test.each(['onlyQdrant', 'onlyNeo4j', 'twiceQdrant', 'twiceNeo4j', 'unnamedQdrant', 'unnamedNeo4j'] as const)(
    'fails by %s',
    (kind) => {
      expect(judgeMatch({ ...sound, [kind]: some('x') })).toMatchObject({ passed: false, offenders: some('x') });
    },
  );

  test('fails where nothing was read, or less than was counted', () => {
    expect(judgeMatch({ ...sound, inBoth: 0 }).passed).toBe(false);
    expect(judgeMatch({ ...sound, read: { points: 4, paragraphs: 3 } })).toMatchObject({
      passed: false,
      offenders: some('Neo4j counts 4 paragraphs and hands out 3'),
    });
  });
});

test('checks 5 to 7 fail by an offender, and by there being no paragraphs', () => {
  const judged = (paragraphs: number, found: Offenders) => [
    judgeOrphans(paragraphs, found).passed,
    judgeChains(paragraphs, { ...found, chapters: 1 }).passed,
    judgeCrossReferences(paragraphs, { ...found, carrying: 1 }).passed,
  ];
  expect(judged(3, NONE)).toEqual([true, true, true]);
  expect(judged(3, some('x'))).toEqual([false, false, false]);
  expect(judged(0, NONE)).toEqual([false, false, false]);
  expect(judgeChains(3, { ...NONE, chapters: 0 }).passed).toBe(false);
});

test('offenders are counted to the end, shown up to twenty, and of every kind', () => {
  const tally = new OffenderTally();
  for (let i = 0; i < 30; i++) tally.add(`a${i}`);
  expect([tally.result().total, tally.result().samples.length, tally.result().samples[19]]).toEqual([30, 20, 'a19']);
  const both = together([tally.result(), NONE, some('b0', 'b1')]);
  expect(both.total).toBe(32);
  expect(both.samples.slice(0, 5)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2']);
  expect(both.samples).toHaveLength(20);
});

test('a chunk id names its chapter', () => {
  expect(chapterIdOf({ textbookId: 'bailey', chapterNumber: '60' })).toBe('bailey:ch60');
  expect(chapterOfChunk('bailey:ch60:2.1.1')).toBe('bailey:ch60');
  for (const none of ['bailey:ch60', 'bailey:ch60:', 'bailey:60:1', ':ch1:1', '']) {
    expect(chapterOfChunk(none)).toBeUndefined();
  }
});

test.each([
  [null, undefined],
  [undefined, undefined],
  ['[]', undefined],
  ['["a:ch1:1"]', undefined],
  ['null', 'JSON, but no array: null'],
  ['"a"', 'JSON, but no array: "a"'],
  ['', 'not JSON: '],
  [['a'], 'a native list of 1, where its readers parse JSON text'],
  [true, 'a boolean, not a JSON text'],
  ['x'.repeat(100), `not JSON: ${'x'.repeat(60)}…`],
])('cross_references %j: %s', (value, problem) => {
  expect(crossReferencesProblem(value)).toBe(problem);
});

describe('the activity', () => {
  test('runs what it is asked to, by the inventory or else by the configuration, and heartbeats', async () => {
    const { runSevenChecks } = createFileChecks(new FakeWorld(25).deps({ expectedChapters: 4 }));
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => (beats += 1));
    const all: CheckResult[] = await environment.run(runSevenChecks, { chapters: 3, perTextbook: { bailey: 3 } });
    expect(all.map(({ number, passed }) => [number, passed])).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => [n, true]));
    const [one]: CheckResult[] = await environment.run(runSevenChecks, null, [1]);
    expect(one).toMatchObject({ passed: false, expected: '4 (configuration)' });
    expect(beats).toBeGreaterThan(0);
  });
});
