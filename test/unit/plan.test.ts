import fc from 'fast-check';
import { estimatePhases } from '../../domain/estimate';
import type { Inventory } from '../../domain/inventory';
import { canonicalJson } from '../../domain/canonical-json';
import { judgePlanHash, type MigrationPlan } from '../../domain/plan';
import { judgeAll, judgePreflight, neededBytes, predictArtifacts, type PreflightFacts } from '../../domain/preflight';
import type { TableBefore } from '../../domain/registry';
import { hashOf } from '../../inspection/plan';

const inventory: Inventory = {
  takenAt: '2026-01-01T00:00:00.000Z',
  sqlite: { path: '/a/metadata.db', bytes: 1_000, sqliteVersion: '3.50', chapters: 3, perTextbook: { bailey: 3 } },
  qdrant: {
    name: 'live',
    collection: 'textbook_chunks',
    aliases: [
      { alias: 'live', collection: 'textbook_chunks' },
      { alias: 'a', collection: 'b' },
    ],
    status: 'green',
    points: 100,
    dimension: 8,
    serverVersion: '1.18.2',
  },
  neo4j: {
    edition: 'community',
    serverVersion: '5.26.0',
    nodes: 300,
    relationships: 400,
    paragraphs: 100,
    alreadyLabelled: 0,
    withoutChunkId: 0,
  },
};

function table(overrides: Partial<TableBefore>): TableBefore {
  return { name: 'version_registry', state: 'absent', rows: 0, columns: [], differences: [], ddl: [], ...overrides };
}

const plan: Omit<MigrationPlan, 'hash'> = {
  format: 'hybridflow-plan/1',
  base: 'kb',
  takenAt: inventory.takenAt,
  label: 'v1_baseline',
  inventory,
  perTextbook: { qdrant: { bailey: 100 }, neo4j: { bailey: 100 } },
  tables: [
    { name: 'version_registry', state: 'absent', rows: 0, differences: [] },
    { name: 'operation_log', state: 'fits', rows: 4, differences: [] },
  ],
  disk: { path: '/b', freeBytes: 1e9, neededBytes: 1e6 },
  predictedBytes: { sqlite: 1, qdrant: 2, neo4j: 3, total: 6 },
  batches: { size: 10, count: 10 },
  writers: [],
  heldBy: null,
  estimate: [],
  refusals: [],
  warnings: [],
  existing: null,
};

/** The plan with the value at a path replaced. */
function withChange(path: string, value: unknown): typeof plan {
  const changed = structuredClone(plan) as unknown as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, changed);
  parent[last] = value;
  return changed as unknown as typeof plan;
}

describe('the hash of a plan', () => {
  test.each<[string, unknown]>([
    ['base', 'other'],
    ['label', 'v2'],
    ['batches.size', 20],
    ['inventory.sqlite.chapters', 4],
    ['inventory.sqlite.perTextbook', { bailey: 2, schwartz: 1 }],
    ['inventory.qdrant.points', 101],
    ['inventory.qdrant.name', 'textbook_chunks'],
    ['inventory.qdrant.collection', 'textbook_chunks_2'],
    ['inventory.qdrant.aliases', []],
    ['inventory.qdrant.dimension', 16],
    ['inventory.qdrant.serverVersion', '1.19.0'],
    ['inventory.neo4j.nodes', 301],
    ['inventory.neo4j.relationships', 401],
    ['inventory.neo4j.paragraphs', 101],
    ['inventory.neo4j.edition', 'enterprise'],
    ['inventory.neo4j.serverVersion', '5.26.1'],
    ['inventory.neo4j.alreadyLabelled', 1],
    ['perTextbook.neo4j', { bailey: 99, schwartz: 1 }],
    ['tables.0.state', 'fits'],
    ['existing', 'v1_baseline_20260101_000000'],
  ])('changes with %s', (path, value) => {
    expect(hashOf(withChange(path, value))).not.toBe(hashOf(plan));
  });

  test.each<[string, unknown]>([
    ['takenAt', '2027-01-01T00:00:00.000Z'],
    ['inventory.takenAt', '2027-01-01T00:00:00.000Z'],
    // A laptop and a worker in a container see other paths, and bring SQLite libraries of their own.
    ['inventory.sqlite.path', '/data/metadata.db'],
    ['inventory.sqlite.sqliteVersion', '3.51'],
    ['inventory.sqlite.bytes', 2_000],
    ['inventory.qdrant.status', 'yellow'],
    ['inventory.qdrant.aliases', [...inventory.qdrant.aliases].reverse()],
    ['disk', { path: '/c', freeBytes: 1, neededBytes: 2 }],
    ['writers', [{ store: 'neo4j', what: 'writes', since: null }]],
    ['heldBy', 'somebody'],
    ['refusals', [{ code: 'BASE_BUSY', found: 'x', next: null }]],
    ['warnings', ['beware']],
    ['estimate', [{ phase: 'preflight', seconds: 9 }]],
    // What an earlier attempt has logged is no other plan.
    ['tables.1.rows', 40],
  ])('does not change with %s', (path, value) => {
    expect(hashOf(withChange(path, value))).toBe(hashOf(plan));
  });

  test('does not depend on the order in which facts are told', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (facts) => {
        const reversed = Object.fromEntries(Object.entries(facts).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(facts));
        expect(JSON.parse(canonicalJson(facts))).toEqual(JSON.parse(JSON.stringify(facts)));
      }),
    );
  });

  test('is insisted on where it is given', () => {
    const hash = hashOf(plan);
    expect(judgePlanHash(undefined, { hash })).toBeUndefined();
    expect(judgePlanHash(hash, { hash })).toBeUndefined();
    const given = hashOf(withChange('base', 'other'));
    expect(judgePlanHash(given, { hash })).toMatchObject({
      code: 'PLAN_CHANGED',
      facts: { details: { given, hash }, next: expect.stringContaining('hfv plan') as string },
    });
  });
});

describe('what speaks against a beginning', () => {
  const facts: PreflightFacts = {
    inventory,
    tablesBefore: [table({}), table({ name: 'operation_log' })],
    settings: { minimumFreeBytes: 1, expectedChapters: null, expectedParagraphs: null },
    freeBytes: 1e9,
    label: 'v1_baseline',
    versionInUse: false,
  };

  test('is nothing where all is well', () => {
    expect(judgeAll(facts)).toEqual([]);
    expect(judgePreflight(facts)).toBeUndefined();
  });

  test('is told whole, and the first of it is what a run is refused with', () => {
    const differs = { state: 'differs' as const, rows: 1, differences: ['x'] };
    const worst: PreflightFacts = {
      inventory: {
        ...inventory,
        qdrant: { ...inventory.qdrant, status: 'red', points: 99 },
        neo4j: { ...inventory.neo4j, alreadyLabelled: 2, withoutChunkId: 1 },
      },
      tablesBefore: [table(differs), table({ ...differs, name: 'operation_log' })],
      settings: { minimumFreeBytes: 1, expectedChapters: 9, expectedParagraphs: 99 },
      freeBytes: 1,
      label: 'v1_baseline',
      versionInUse: true,
    };
    const found = judgeAll(worst);
    expect(found.map(({ code }) => code)).toEqual([
      'SCHEMA_CONFLICT',
      'SCHEMA_CONFLICT',
      'VERSION_IN_USE',
      'COLLECTION_NOT_GREEN',
      'LABEL_IN_USE',
      'NEO4J_UNFIT',
      'CHECK_FAILED',
      'CHECK_FAILED',
      'CHECK_FAILED',
      'DISK_TOO_SMALL',
    ]);
    expect(judgePreflight(worst)).toEqual(found[0]);
  });

  test.each([
    ['twice what is predicted', 0, 2 * predictArtifacts(inventory).total],
    ['the configured minimum where that is more', 500_000_000, 500_000_000],
  ])('the disk must hold %s, and not a byte less', (_, minimumFreeBytes, needed) => {
    expect(neededBytes(inventory, minimumFreeBytes)).toBe(needed);
    const settings = { ...facts.settings, minimumFreeBytes };
    expect(judgeAll({ ...facts, settings, freeBytes: needed })).toEqual([]);
    expect(judgeAll({ ...facts, settings, freeBytes: needed - 1 })).toMatchObject([{ code: 'DISK_TOO_SMALL' }]);
  });

  test('the prediction is the sum of its artifacts', () => {
    const { sqlite, qdrant, neo4j, total } = predictArtifacts(inventory);
    expect(total).toBe(sqlite + qdrant + neo4j);
    expect(Math.min(sqlite, qdrant, neo4j)).toBeGreaterThan(0);
  });
});

test('the estimate grows with the corpus, and what does not depend on it stays', () => {
  const twice = {
    ...inventory,
    qdrant: { ...inventory.qdrant, points: 72_432 },
    neo4j: { ...inventory.neo4j, paragraphs: 72_432, nodes: 214_000, relationships: 218_220 },
  };
  const seconds = (of: Inventory) => Object.fromEntries(estimatePhases(of).map(({ phase, seconds: s }) => [phase, s]));
  expect(seconds(twice)['latest-copy']).toBeGreaterThan(10 * (seconds(inventory)['latest-copy'] ?? NaN));
  expect(seconds(twice)['schema migration']).toBe(seconds(inventory)['schema migration']);
  const full = { ...twice, neo4j: { ...twice.neo4j, nodes: 107_000, relationships: 109_110 } };
  const whole = Object.values(seconds({ ...full, qdrant: { ...full.qdrant, points: 36_216 } })).reduce((a, b) => a + b);
  // What the benchmark measured, to a second.
  expect(Math.round(whole)).toBe(27);
});
