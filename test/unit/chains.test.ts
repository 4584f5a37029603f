import fc from 'fast-check';
import { chainBreaks, type ParagraphLinks } from '../../domain/chains';

const id = (name: string) => (name.includes(':') ? name : `b:ch1:${name}`);

/** Paragraphs of chapter b:ch1, each with what its NEXT and its PREV lead to. */
const links = (...rows: [name: string, next: string[], prev: string[]][]): ParagraphLinks[] =>
  rows.map(([name, next, prev]) => ({ chunkId: id(name), next: next.map(id), prev: prev.map(id) }));

const line = (...names: string[]): ParagraphLinks[] =>
  links(
    ...names.map((name, i): [string, string[], string[]] => [
      name,
      names.slice(i + 1, i + 2),
      names.slice(0, i).slice(-1),
    ]),
  );
const breaks = (paragraphs: ParagraphLinks[]) => chainBreaks('b:ch1', paragraphs);

test('one line is sound, be it of one paragraph', () => {
  expect(breaks(line('1', '2', '3'))).toEqual([]);
  expect(breaks(line('1'))).toEqual([]);
  expect(breaks([])).toEqual([]);
});

test('any line is sound, in whatever order its paragraphs come', () => {
  const shuffled = fc
    .integer({ min: 1, max: 30 })
    .chain((length) =>
      fc.shuffledSubarray(line(...Array.from({ length }, (_, i) => String(i))), { minLength: length }),
    );
  fc.assert(fc.property(shuffled, (paragraphs) => expect(breaks(paragraphs)).toEqual([])));
});

test('a cut is told once, by the paragraph that begins anew in the book’s order', () => {
  expect(breaks([...line('9', '10'), ...line('1', '2')])).toEqual(['the chain of b:ch1 breaks before b:ch1:9']);
  expect(breaks([...line('1'), ...line('2'), ...line('10')])).toEqual([
    'the chain of b:ch1 breaks before b:ch1:2',
    'the chain of b:ch1 breaks before b:ch1:10',
  ]);
});

test('a link without its counterpart is told once, and breaks nothing else', () => {
  expect(breaks(links(['1', ['2'], []], ['2', [], []]))).toEqual([
    'b:ch1:1 has NEXT to b:ch1:2, which has no PREV back',
  ]);
  expect(breaks(links(['1', [], []], ['2', [], ['1']]))).toEqual([
    'b:ch1:2 has PREV to b:ch1:1, which has no NEXT back',
  ]);
});

test('two of a kind are told, be it the same twice', () => {
  expect(breaks(links(['1', ['2', '3'], []], ['2', [], ['1']], ['3', [], ['1']]))).toEqual([
    'b:ch1:1 has 2 NEXT: b:ch1:2, b:ch1:3',
  ]);
  expect(breaks(links(['1', ['2'], []], ['2', [], ['1', '1']]))).toEqual(['b:ch1:2 has 2 PREV: b:ch1:1, b:ch1:1']);
});

test('two that lead to one are told by what leads back', () => {
  expect(breaks(links(['1', ['3'], []], ['2', ['3'], []], ['3', [], ['1']]))).toEqual([
    'b:ch1:2 has NEXT to b:ch1:3, which has no PREV back',
  ]);
  expect(breaks(links(['1', ['3'], []], ['2', ['3'], []], ['3', [], ['1', '2']]))).toHaveLength(1);
});

test('a link into another chapter is told, and makes no chain', () => {
  const away = links(['1', ['b:ch2:1'], []]);
  expect(breaks(away)).toEqual(['NEXT leads out of b:ch1: b:ch1:1 to b:ch2:1']);
});

test('a circle is told, beside a line, alone, and of one', () => {
  const circle = links(['5', ['6'], ['6']], ['6', ['5'], ['5']]);
  expect(breaks(circle)).toEqual(['a chain of b:ch1 runs in a circle of 2 through b:ch1:5']);
  expect(breaks([...line('1', '2'), ...circle])).toEqual(breaks(circle));
  expect(breaks(links(['1', ['1'], ['1']]))).toEqual(['a chain of b:ch1 runs in a circle of 1 through b:ch1:1']);
});
