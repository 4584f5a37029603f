import type { CheckResult, StoreCounts } from './checks';
import {
  answered,
  columns,
  contentKept,
  entries,
  equal,
  holds,
  inTime,
  noneFailed,
  same,
  type Part,
} from './criterion-parts';
import type { FingerprintComparison } from './fingerprint';
import type { Inventory } from './inventory';
import { STORE_NAMES } from './names';
import type { ProbeComparison } from './probes';
import type { VersionRow } from './registry';
import { byName, count } from './words';

/** One of the plan's eight success criteria, evaluated. */
export interface CriterionResult {
  number: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  title: string;
  passed: boolean;
  expected: string;
  actual: string;
  /** Set where all that it lacks is a warning: answers that are slower, but not so slow that it is the trigger. */
  severity?: 'warning';
}

/** The versioning tables right after their creation. */
export interface SchemaFacts {
  /** A sentence per column or table that does not fit; empty where both tables do. */
  differences: readonly string[];
  operationLogRows: number;
  /** Rows of earlier runs that have ended: where there are any, the log was there before this run, and is kept. */
  earlierRows: number;
}

/** The plan's test row in operation_log. */
export interface OperationalTest {
  inserted: number;
  found: number;
  left: number;
}

/** What the criteria are judged by. A null, or an empty list: the run ended before it was found out. */
export interface CriteriaFacts {
  before: Inventory | null;
  schema: SchemaFacts | null;
  row: VersionRow | null;
  after: StoreCounts | null;
  /** Production now against production before the run. */
  fingerprints: readonly FingerprintComparison[];
  probes: readonly ProbeComparison[];
  checks: readonly CheckResult[];
  /** A text says why the test row could not be written, found or removed. */
  operational: OperationalTest | string | null;
  /** By how much answers may be slower, where the configuration says otherwise than the plan. */
  latencyPercent?: number;
}

interface Criterion {
  title: (facts: CriteriaFacts) => string;
  parts: (facts: CriteriaFacts) => Part[];
}

/**
 * Judges the plan's eight success criteria, each by all of its pass criteria. What is expected comes from the
 * inventory taken before. `beforeCommit` leaves out the first, which can hold only once the version is committed.
 */
export function judgeCriteria(facts: CriteriaFacts, { beforeCommit = false } = {}): CriterionResult[] {
  const results = CRITERIA.map(({ title, parts }, i): CriterionResult => {
    const judged = parts(facts);
    const failed = judged.filter(({ passed }) => !passed);
    const warning = failed.length > 0 && failed.every(({ advisory }) => advisory);
    const number = (i + 1) as CriterionResult['number'];
    return { number, title: title(facts), ...columns(judged), ...(warning && { severity: 'warning' as const }) };
  });
  return beforeCommit ? results.slice(1) : results;
}

/** Of a run that was ended from outside, and has told nobody what it had found. */
export function unjudgedCriteria(): CriterionResult[] {
  const nothing = { before: null, schema: null, row: null, after: null, operational: null };
  const facts = { ...nothing, fingerprints: [], probes: [], checks: [] };
  return judgeCriteria(facts).map((one) => ({ ...one, actual: NOT_JUDGED }));
}

/** Those that are not met, and so stand in the way of a commit. */
export function unmetCriteria(results: readonly CriterionResult[]): CriterionResult[] {
  return results.filter(({ passed, severity }) => !passed && severity !== 'warning');
}

const NOT_JUDGED = 'not judged: the run was ended from outside, and has told nothing';

const counted = (value: number | null | undefined) => (value == null ? undefined : count(value));
const shares = (perTextbook: Record<string, number> | undefined) => perTextbook && byName(perTextbook);
const all = (what: string, value: number | undefined, rest: string) =>
  value === undefined ? `All ${what} ${rest}` : `All ${count(value)} ${what} ${rest}`;

const CRITERIA: readonly Criterion[] = [
  { title: () => 'version_registry table created with v1_baseline entry', parts: registered },
  { title: () => 'operation_log table created and empty', parts: logReady },
  {
    title: ({ before }) => all('chapters', before?.sqlite.chapters, 'accessible'),
    parts: ({ before, after, fingerprints }) => [
      equal('chapters', counted(before?.sqlite.chapters), counted(after?.chapters)),
      equal('per textbook', shares(before?.sqlite.perTextbook), shares(after?.perTextbook)),
      contentKept('sqlite', fingerprints),
    ],
  },
  {
    title: ({ before }) => all('vectors', before?.qdrant.points, 'queryable'),
    parts: ({ before, after, probes }) => [
      equal('points', counted(before?.qdrant.points), counted(after?.points)),
      equal('status', 'green', after?.qdrantStatus),
      answered(probes.filter(({ kind }) => kind === 'search')),
    ],
  },
  {
    title: ({ before }) => all('paragraphs', before?.neo4j.paragraphs, 'have the :v1_baseline label'),
    parts: ({ before, after }) => [
      equal('paragraphs', counted(before?.neo4j.paragraphs), counted(after?.labels.paragraphs)),
      equal('with the label', counted(before?.neo4j.paragraphs), counted(after?.labels.labelled)),
      equal('without it', '0', counted(after?.labels.unlabelled)),
    ],
  },
  { title: () => 'No data loss', parts: nothingLost },
  { title: () => 'Queries return identical results pre and post migration', parts: sameAnswers },
  { title: () => 'Versioning infrastructure operational', parts: operational },
];

function registered({ before, schema, row }: CriteriaFacts): Part[] {
  const paths = row && [row.metadataSnapshotPath, row.qdrantSnapshotPath, row.neo4jSnapshotPath].filter(Boolean).length;
  const verdict = row ? String(row.validationPassed ?? 'not yet') : undefined;
  return [
    tableFits('version_registry', schema),
    holds('v1_baseline entry', 'present', row ? { passed: true, actual: row.versionId } : undefined),
    equal('status', 'committed', row?.status),
    equal('snapshot paths', '3', counted(paths)),
    equal('chapters', counted(before?.sqlite.chapters), row ? (counted(row.chapterCount) ?? 'none') : undefined),
    equal('paragraphs', counted(before?.neo4j.paragraphs), row ? (counted(row.paragraphCount) ?? 'none') : undefined),
    equal('validation passed', 'true', verdict),
  ];
}

function logReady({ schema, operational: test }: CriteriaFacts): Part[] {
  const earlier = schema?.earlierRows ?? 0;
  return [
    tableFits('operation_log', schema),
    equal(earlier === 0 ? 'rows' : 'rows, all of earlier runs', count(earlier), counted(schema?.operationLogRows)),
    entries(test),
  ];
}

function nothingLost({ before, after, fingerprints, checks }: CriteriaFacts): Part[] {
  return [
    equal('chapters', counted(before?.sqlite.chapters), counted(after?.chapters)),
    equal('points', counted(before?.qdrant.points), counted(after?.points)),
    equal('paragraphs', counted(before?.neo4j.paragraphs), counted(after?.labels.paragraphs)),
    equal('nodes', counted(before?.neo4j.nodes), counted(after?.nodes)),
    equal('relationships', counted(before?.neo4j.relationships), counted(after?.relationships)),
    ...STORE_NAMES.map((store) => contentKept(store, fingerprints)),
    noneFailed(checks),
  ];
}

function sameAnswers({ probes, latencyPercent = 10 }: CriteriaFacts): Part[] {
  const commands = probes.filter(({ kind }) => kind === 'command');
  return [
    same(
      'searches',
      probes.filter(({ kind }) => kind === 'search'),
    ),
    same(
      'hierarchies',
      probes.filter(({ kind }) => kind === 'hierarchy'),
    ),
    ...(commands.length > 0 ? [same('commands', commands)] : []),
    inTime(probes, latencyPercent),
  ];
}

function operational({ row, operational: test }: CriteriaFacts): Part[] {
  return [
    holds(
      'version_registry',
      'answers with the version',
      row ? { passed: true, actual: `${row.versionId} is ${row.status}` } : undefined,
    ),
    entries(test),
  ];
}

function tableFits(table: 'version_registry' | 'operation_log', schema: SchemaFacts | null): Part {
  // What names neither table counts against both.
  const other = table === 'operation_log' ? 'version_registry' : 'operation_log';
  const differences = schema?.differences.filter((text) => !text.includes(other)) ?? [];
  const found = { passed: differences.length === 0, actual: differences.join(', ') || 'fits' };
  return holds(table, 'fits', schema ? found : undefined);
}
