import fc from 'fast-check';
import { ChunkTally, DIGEST_LETTERS } from '../../domain/chunk-tally';
import { compareLists, inOrder, isChapter, shown, totalsOf } from '../../domain/compare';
import { wordDifference } from '../../inspection/compare/texts';

const group = (name: string, items: number, letter: string) => ({ group: name, items, sha256: letter.repeat(64) });
const digest = (n: number) => String(n).padStart(DIGEST_LETTERS, '0');

describe('lists of groups', () => {
  test('differ by what came, went and changed, in the order of people', () => {
    const before = [group('(schema)', 2, 'a'), group('b:ch10', 3, 'b'), group('b:ch2', 4, 'c'), group('b:ch3', 5, 'd')];
    const after = [group('(schema)', 2, 'b'), group('b:ch1', 1, 'e'), group('b:ch10', 3, 'f'), group('b:ch3', 5, 'd')];
    expect(compareLists(before, after)).toEqual({
      changes: [
        { group: '(schema)', change: 'changed', before: 2, after: 2 },
        { group: 'b:ch1', change: 'added', before: null, after: 1 },
        { group: 'b:ch2', change: 'removed', before: 4, after: null },
        { group: 'b:ch10', change: 'changed', before: 3, after: 3 },
      ],
      unchanged: 1,
    });
    expect(['b:ch1', '(no chapter)', '(odd'].map(isChapter)).toEqual([true, false, true]);
  });

  test('are shown as far as the limit goes, and say how much is not', () => {
    expect(shown([1, 2, 3], 2)).toEqual({ list: [1, 2], leftOut: 1 });
    expect(shown([1], 2)).toEqual({ list: [1], leftOut: 0 });
  });

  test('have one order, whatever the names', () => {
    // Numbers of equal value are different names all the same.
    expect(inOrder('ch01', 'ch1')).not.toBe(0);
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(Math.sign(inOrder(a, b))).toBe(-Math.sign(inOrder(b, a)) + 0);
        expect(inOrder(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

/** Few names and few digests, so that chunks meet, and a chunk id comes several times. */
const chunk = fc.tuple(fc.constantFrom('ch1', 'ch2'), fc.constantFrom('a', 'b', 'c'), fc.nat(3));
const side = fc.array(chunk, { maxLength: 30 });
type Chunks = [string, string, number][];

function tallied(before: Chunks, after: Chunks) {
  const tally = new ChunkTally();
  for (const [chapter, id, n] of before) tally.before(chapter, id, digest(n));
  for (const [chapter, id, n] of after) tally.after(chapter, id, digest(n));
  return tally.differences();
}

/** The same by counting: of each chunk id what is equal on both sides is taken off, the rest is paired. */
function modelled(before: Chunks, after: Chunks) {
  const totals = { added: 0, changed: 0, removed: 0 };
  for (const key of new Set([...before, ...after].map(([chapter, id]) => `${chapter} ${id}`))) {
    const of = (chunks: Chunks) => chunks.filter(([chapter, id]) => `${chapter} ${id}` === key);
    const count = (chunks: Chunks, n: number) => of(chunks).filter((one) => one[2] === n).length;
    const equal = [0, 1, 2, 3].reduce((sum, n) => sum + Math.min(count(before, n), count(after, n)), 0);
    const [gone, come] = [of(before).length - equal, of(after).length - equal];
    totals.changed += Math.min(gone, come);
    totals.removed += Math.max(0, gone - come);
    totals.added += Math.max(0, come - gone);
  }
  return totals;
}

describe('chunks', () => {
  test('are counted as a model counts them, whatever the order they come in', () => {
    fc.assert(
      fc.property(side, side, fc.infiniteStream(fc.nat()), (before, after, random) => {
        const found = tallied(before, after);
        expect(totalsOf(found)).toEqual(modelled(before, after));
        const shuffled = (chunks: Chunks) =>
          chunks
            .map((one) => [random.next().value as number, one] as const)
            .sort(([a], [b]) => a - b)
            .map(([, one]) => one);
        expect(tallied(shuffled(before), shuffled(after))).toEqual(found);
      }),
    );
  });

  test('give the mirror image the other way round', () => {
    const turned = { added: 'removed', changed: 'changed', removed: 'added' } as const;
    fc.assert(
      fc.property(side, side, (before, after) => {
        const mirrored = tallied(after, before).map((one) => ({ ...one, change: turned[one.change] }));
        expect(mirrored).toEqual(tallied(before, after));
      }),
    );
  });

  test('that are equal leave nothing', () => {
    fc.assert(fc.property(side, (chunks) => expect(tallied(chunks, [...chunks].reverse())).toEqual([])));
  });

  test('come by chapter and chunk id, as people number them', () => {
    const found = tallied(
      [],
      [
        ['ch10', '1', 0],
        ['ch2', '10', 0],
        ['ch2', '9', 0],
      ],
    );
    expect(found.map(({ chapter, chunkId }) => `${chapter} ${chunkId}`)).toEqual(['ch2 9', 'ch2 10', 'ch10 1']);
  });
});

describe('the way from one text to another', () => {
  const words = fc.array(fc.constantFrom('the', 'lung', 'is', ' ', '\n', 'Lappen', '&', '<b>', '…'), { maxLength: 40 });
  const joined = (kinds: string[], parts: ReturnType<typeof wordDifference>) =>
    parts
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ text }) => text)
      .join('');

  test('leads from the one, letter for letter, to the other', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const parts = wordDifference(a.join(''), b.join(''));
        expect(joined(['same', 'removed'], parts)).toBe(a.join(''));
        expect(joined(['same', 'added'], parts)).toBe(b.join(''));
      }),
    );
  });

  test('keeps what both have', () => {
    expect(wordDifference('the left lung', 'the right lung')).toEqual([
      { kind: 'same', text: 'the ' },
      { kind: 'removed', text: 'left' },
      { kind: 'added', text: 'right' },
      { kind: 'same', text: ' lung' },
    ]);
  });

  test('is the whole of both where they have nothing to do with each other, or one is missing', () => {
    const [a, b] = ['a', 'b'].map((letter) => Array.from({ length: 3_000 }, (_, i) => `${letter}${i}`).join(' '));
    expect(wordDifference(a, b)).toEqual([
      { kind: 'removed', text: a },
      { kind: 'added', text: b },
    ]);
    expect(wordDifference(undefined, 'new')).toEqual([{ kind: 'added', text: 'new' }]);
    expect(wordDifference('old', undefined)).toEqual([{ kind: 'removed', text: 'old' }]);
  });
});
