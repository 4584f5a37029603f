import type { FingerprintComparison } from '../../domain/fingerprint';
import type { Inventory } from '../../domain/inventory';
import type { StoreName } from '../../domain/names';
import type { BaselineRun } from '../../workflows/parts/baseline-run';
import { stateOfCapture } from '../../workflows/parts/consistency';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const marks = (second: number) => {
  const mark = { at: at(second), value: 'as ever' };
  return { sqlite: mark, qdrant: mark, neo4j: mark };
};
const INVENTORY = {
  sqlite: { chapters: 3 },
  qdrant: { points: 20 },
  neo4j: { nodes: 30, relationships: 40, paragraphs: 20 },
} as unknown as Inventory;
const RUN = { versionId: 'v1', claim: { claimedAt: at(0) } } as unknown as BaselineRun;

/** What was captured between the marks, with these counts in place of those of the inventory. */
function capture(other: Partial<Record<StoreName, Record<string, number>>> = {}) {
  const taken = (['sqlite', 'qdrant', 'neo4j'] as const).map((store) => ({
    ...{ path: store },
    artifact: {
      ...{ store, file: store, bytes: 1, sha256: 'a', capturedFrom: at(2), capturedTo: at(3) },
      counts: { ...(INVENTORY[store] as unknown as Record<string, number>), ...other[store] },
    },
  }));
  return { taken, marks: { before: marks(1), after: marks(4) } } as unknown as Parameters<typeof stateOfCapture>[1];
}
const compared = (store: StoreName, items: number): FingerprintComparison => ({
  ...{ store, same: items === 20, differing: items === 20 ? 0 : 1, samples: [] },
  ...{ expected: { sha256: 'a', items: 20, groups: 1 }, actual: { sha256: 'b', items, groups: 1 } },
});

test('what was captured has the numbers of the inventory: the counts are unchanged', () => {
  const { verdict, stores } = stateOfCapture(RUN, capture(), INVENTORY);
  expect([verdict, stores.map(({ countsUnchanged }) => countsUnchanged)]).toEqual(['consistent', [true, true, true]]);
});

test.each<[StoreName, Record<string, number>]>([
  ['sqlite', { chapters: 4 }],
  ['qdrant', { points: 19 }],
  ['neo4j', { relationships: 41 }],
])('another number in %s than before makes the statement inconsistent', (store, counts) => {
  const { verdict, text, stores } = stateOfCapture(RUN, capture({ [store]: counts }), INVENTORY);
  expect(verdict).toBe('inconsistent');
  expect(text).toBe(`the counts of ${store} changed while the stores were captured`);
  expect(stores.filter(({ countsUnchanged }) => !countsUnchanged).map((one) => one.store)).toEqual([store]);
});

test('a later comparison that finds other numbers says so too', () => {
  const { text } = stateOfCapture(RUN, capture(), INVENTORY, [compared('qdrant', 20), compared('neo4j', 19)]);
  expect(text).toBe(
    'the counts of neo4j changed while the stores were captured; the content of neo4j changed while the stores were captured',
  );
});
