import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Matcher } from '../../stores/neo4j/restore-match';

const digestOf = (content: number) => createHash('sha256').update(String(content)).digest();
/** Few contents, so that many look alike; each with an id of its own. */
const items = fc
  .array(fc.nat(5), { maxLength: 60 })
  .map((contents) => contents.map((content, i) => ({ content, id: ((i * 7) % 61) + 2 ** 33 })));
const demands = fc.array(fc.record({ content: fc.nat(6), exact: fc.boolean(), nth: fc.nat(60) }), { maxLength: 80 });

test('gives what a plain search of a list would give, however much is taken before', () => {
  fc.assert(
    fc.property(items, demands, (held, wanted) => {
      const matcher = new Matcher();
      held.forEach(({ content, id }) => matcher.add(digestOf(content), id));
      const left = [...held].sort((a, b) => a.id - b.id);
      for (const { content, exact, nth } of wanted) {
        const id = held[nth]?.id ?? 1;
        const place = exact ? matcher.takeExact(digestOf(content), id) : matcher.take(digestOf(content));
        const at = left.findIndex((item) => item.content === content && (!exact || item.id === id));
        expect(place === undefined ? undefined : matcher.idAt(place)).toBe(left[at]?.id);
        if (at >= 0) left.splice(at, 1);
        expect(matcher.left).toBe(left.length);
      }
      expect([...matcher.leftIds()].sort((a, b) => a - b)).toEqual(left.map(({ id }) => id));
    }),
  );
});

test('takes thousands that look alike one after another, without a search through all of them', () => {
  const matcher = new Matcher();
  const count = 20_000;
  for (let id = 0; id < count; id++) matcher.add(digestOf(1), id);
  const taken = Array.from({ length: count }, () => matcher.take(digestOf(1)));
  expect(taken.map((place) => matcher.idAt(place ?? -1))).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(matcher.take(digestOf(1))).toBeUndefined();
});
