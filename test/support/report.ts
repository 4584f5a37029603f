import type { ChecklistFacts } from '../../domain/checklists';
import { judgeChecklists } from '../../domain/checklists';
import { judgeCriteria, type CriteriaFacts } from '../../domain/criteria';
import type { FingerprintComparison } from '../../domain/fingerprint';
import type { Inventory } from '../../domain/inventory';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { MigrationPlan } from '../../domain/plan';
import type { ProbeComparison } from '../../domain/probes';
import type { VersionRow } from '../../domain/registry';
import type { RunReport } from '../../domain/report';

export const VERSION = 'v1_baseline_20260102_030405';
const AT = '2026-01-02T03:04:05.000Z';
const END = '2026-01-02T03:05:15.000Z';
const sha = (letter: string) => letter.repeat(64);

export const inventory: Inventory = {
  takenAt: AT,
  sqlite: {
    path: '/kb/metadata.db',
    bytes: 8_192,
    sqliteVersion: '3.50',
    chapters: 3,
    perTextbook: { sabiston: 1, bailey: 2 },
  },
  qdrant: {
    name: 'textbook_chunks_latest',
    collection: 'textbook_chunks',
    aliases: [{ alias: 'textbook_chunks_latest', collection: 'textbook_chunks' }],
    status: 'green',
    points: 2_000,
    dimension: 768,
    serverVersion: '1.15.0',
  },
  neo4j: {
    edition: 'community',
    serverVersion: '5.26.0',
    nodes: 5_911,
    relationships: 6_025,
    paragraphs: 2_000,
    alreadyLabelled: 0,
    withoutChunkId: 0,
  },
};

export const row: VersionRow = {
  id: 1,
  versionId: VERSION,
  status: 'committed',
  createdAt: '2026-01-02 03:04:10',
  updatedAt: '2026-01-02 03:05:10',
  statusMessage: null,
  metadataSnapshotPath: '/b/v/metadata.db',
  qdrantSnapshotPath: '/b/v/textbook_chunks.snapshot',
  neo4jSnapshotPath: '/b/v/neo4j.jsonl.gz',
  chapterCount: 3,
  paragraphCount: 2_000,
  validationPassed: true,
  committedBy: 'ann@host',
  notes: null,
  workflowId: 'hybridflow/kb/change',
  runId: 'run-1',
};

export function comparison(store: StoreName, same = true): FingerprintComparison {
  const side = (letter: string) => ({ items: 100, groups: 3, sha256: sha(letter) });
  const group = (items: number, letter: string) => ({ items, sha256: sha(letter) });
  const samples = same ? [] : [{ group: 'bailey:ch60', expected: group(12, 'a'), actual: group(11, 'b') }];
  return { store, same, expected: side('a'), actual: side(same ? 'a' : 'b'), differing: samples.length, samples };
}

export function probe(name: string, overrides: Partial<ProbeComparison> = {}): ProbeComparison {
  const kind = name.startsWith('search') ? 'search' : name.startsWith('hierarchy') ? 'hierarchy' : 'command';
  return {
    name,
    kind,
    verdict: 'ok',
    identical: true,
    results: 5,
    medianBeforeMs: 10,
    medianAfterMs: 10.4,
    samples: 15,
    why: null,
    ...overrides,
  };
}

/** Facts of a migration that went well: every criterion holds. */
export function criteriaFacts(overrides: Partial<CriteriaFacts> = {}): CriteriaFacts {
  return {
    before: inventory,
    schema: { differences: [], operationLogRows: 0, earlierRows: 0 },
    row,
    after: {
      chapters: 3,
      perTextbook: { bailey: 2, sabiston: 1 },
      points: 2_000,
      qdrantStatus: 'green',
      nodes: 5_911,
      relationships: 6_025,
      labels: { paragraphs: 2_000, labelled: 2_000, unlabelled: 0 },
    },
    fingerprints: STORE_NAMES.map((store) => comparison(store)),
    probes: [probe('search "lung anatomy"'), probe('hierarchy bailey:ch60')],
    checks: [
      {
        number: 1,
        name: 'chapters in SQLite',
        severity: 'critical',
        passed: true,
        expected: '3',
        actual: '3',
        durationMs: 4,
      },
    ],
    operational: { inserted: 1, found: 1, left: 0 },
    ...overrides,
  };
}

export const plan: MigrationPlan = {
  format: 'hybridflow-plan/1',
  base: 'kb',
  takenAt: AT,
  hash: sha('c'),
  label: 'v1_baseline',
  inventory,
  perTextbook: { qdrant: { bailey: 1_500, sabiston: 500 }, neo4j: null },
  tables: [{ name: 'version_registry', state: 'absent', rows: 0, differences: [] }],
  disk: { path: '/b', freeBytes: 9e9, neededBytes: 6e8 },
  predictedBytes: { sqlite: 8_192, qdrant: 1_000_000, neo4j: 300_000, total: 1_308_192 },
  batches: { size: 1_000, count: 2 },
  writers: [],
  heldBy: null,
  estimate: [{ phase: 'label addition', seconds: 2 }],
  refusals: [],
  warnings: [],
  existing: null,
};

const probesBefore = {
  takenAt: AT,
  embedder: 'feature-hashing',
  probes: 2,
  failed: [],
  path: '/b/reports/v/probes-before.json',
};

export function checklistFacts(overrides: Partial<ChecklistFacts> = {}): ChecklistFacts {
  const facts = criteriaFacts(overrides);
  return {
    ...facts,
    outcome: 'committed',
    versionId: VERSION,
    startedAt: AT,
    plan,
    preMigrationPath: '/b/reports/v/pre-migration.md',
    probesBefore,
    latestCopyPath: '/b/latest-copy',
    artifacts: STORE_NAMES.map((store) => ({ store, path: `/b/v/${store}`, bytes: 1_234, sha256: sha('d') })),
    manifestPath: '/b/v/manifest.json',
    rehearsal: STORE_NAMES.map((store) => ({
      store,
      form: 'restore' as const,
      passed: true,
      milliseconds: 1_500,
      comparison: comparison(store),
      evidence: `${store} beside production`,
    })),
    logs: [],
    criteria: judgeCriteria(facts),
    gitTag: null,
    ...overrides,
  };
}

/** The report of a migration that went well. */
export function runReport(overrides: Partial<RunReport> = {}): RunReport {
  const facts = checklistFacts();
  const { outcome, versionId, startedAt, plan: agreed, preMigrationPath, latestCopyPath, manifestPath, gitTag } = facts;
  return {
    format: 'hybridflow-report/1',
    ...{ base: 'kb', outcome, versionId, startedAt, preMigrationPath, latestCopyPath, manifestPath, gitTag },
    workflowId: 'hybridflow/kb/change',
    runId: 'run-1',
    startedBy: 'ann@host',
    notes: null,
    endedAt: END,
    reason: null,
    trigger: null,
    plan: agreed,
    probesBefore,
    counts: facts.after,
    consistency: {
      verdict: 'skew',
      text: 'skew <= 3.2 s',
      skewMs: 3_200,
      from: AT,
      to: END,
      fence: { owner: 'registerBaseline', from: AT, to: END, note: 'advisory' },
      stores: STORE_NAMES.map((store) => ({
        store,
        capturedFrom: AT,
        capturedTo: END,
        contentUnchanged: true,
        countsUnchanged: true,
        marks: 'unknown' as const,
      })),
    },
    artifacts: [...facts.artifacts],
    labels: {
      latencyMs: { batches: 2, p50: 20, p95: 40, max: 41 },
      retries: [{ batchSize: 500, error: 'lock timeout' }],
    },
    checks: [...facts.checks],
    fingerprints: [...facts.fingerprints],
    probes: [...facts.probes],
    rehearsal: [...facts.rehearsal],
    criteria: [...facts.criteria],
    checklists: judgeChecklists(facts),
    steps: [{ phase: 'label addition', name: 'label the paragraphs', state: 'done', startedAt: AT, endedAt: END }],
    compensations: [],
    rollback: null,
    logs: [],
    warnings: [],
    ...overrides,
  };
}
