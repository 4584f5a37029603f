import fc from 'fast-check';
import { ChunkTable, type Side } from '../../inspection/checks/chunk-table';

/** Few names, so that they meet; and many entries, so that the table grows. */
const entries = fc.array(
  fc.tuple(fc.constantFrom<Side>('Qdrant', 'Neo4j'), fc.integer({ min: 0, max: 2_000 }).map(String)),
  { maxLength: 4_000 },
);

test('tells the same as two sets of names', () => {
  fc.assert(
    fc.property(entries, (given) => {
      const table = new ChunkTable();
      const times = { Qdrant: new Map<string, number>(), Neo4j: new Map<string, number>() };
      for (const [side, name] of given) {
        const now = (times[side].get(name) ?? 0) + 1;
        times[side].set(name, now);
        if (table.add(side, name) !== Math.min(15, now)) return false;
      }
      const names = [...new Set(given.map(([, name]) => name))];
      const onlyQdrant = names.filter((name) => !times.Neo4j.has(name));
      const onlyNeo4j = names.filter((name) => !times.Qdrant.has(name));
      const inBoth = names.length - onlyQdrant.length - onlyNeo4j.length;
      expect(table.tally()).toEqual({ inBoth, onlyQdrant: onlyQdrant.length, onlyNeo4j: onlyNeo4j.length });
      expect(names.filter((name) => table.onlyIn('Qdrant', name))).toEqual(onlyQdrant);
      expect(names.filter((name) => table.onlyIn('Neo4j', name))).toEqual(onlyNeo4j);
      return true;
    }),
    { numRuns: 30 },
  );
});

test('knows nothing of what was never added', () => {
  const table = new ChunkTable();
  expect(table.tally()).toEqual({ inBoth: 0, onlyQdrant: 0, onlyNeo4j: 0 });
  expect([table.onlyIn('Qdrant', 'x'), table.onlyIn('Neo4j', 'x')]).toEqual([false, false]);
});

test('keeps all it has when it grows', () => {
  const table = new ChunkTable();
  const names = Array.from({ length: 5_000 }, (_, i) => `bailey:ch1:${i}`);
  for (const name of names) expect(table.add('Qdrant', name)).toBe(1);
  for (const name of names.slice(1)) table.add('Neo4j', name);
  expect(table.tally()).toEqual({ inBoth: 4_999, onlyQdrant: 1, onlyNeo4j: 0 });
  expect(names.filter((name) => table.onlyIn('Qdrant', name))).toEqual(names.slice(0, 1));
});
