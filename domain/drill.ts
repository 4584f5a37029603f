import type { CheckResult } from './checks';
import type { StoreName } from './names';
import type { RehearsedStore } from './rehearsal';
import { disagreedAtMost, type SwitchEntry } from './switch-journal';
import { bullets, code, facts, maybe, passedMark, plain, section, table } from './report-markdown/text';
import { duration, STORE_TITLES } from './words';

/** Input of `drillVersion`. */
export interface DrillInput {
  /** A version id, or `latest-copy`. */
  versionId: string;
  /** Whose version it is: a worker that serves another base refuses. */
  base?: string;
  /** All three where they are left out. */
  stores?: StoreName[];
  startedBy?: string;
}

/** A restore that wrote Neo4j, as the journal knows it. */
export interface RealRestore {
  versionId: string;
  /** When it was committed. */
  at: string;
  /** From the first of these stores to the last: what Neo4j alone took, the journal does not know. */
  stores: StoreName[];
  tookAtMostMs: number;
}

/** A version restored beside production: whether it could be, whether it is sound, and how long that took. */
export interface DrillReport {
  format: 'hybridflow-drill/1';
  base: string;
  versionId: string;
  startedBy: string | null;
  startedAt: string;
  endedAt: string;
  /** Every store came back as it was recorded, and no critical check fails. */
  passed: boolean;
  /** Time to recover, over the stores one after the other: bytes, restore and comparison. */
  recoveryMs: number;
  stores: RehearsedStore[];
  /** The newest that wrote Neo4j, which a drill only reads; null where there was none, absent where nobody looked. */
  lastNeo4jRestore?: RealRestore | null;
  /** The seven checks of what was restored; empty where a store could not be. */
  checks: CheckResult[];
}

/** What became of the report: null where it could not be kept, and the notes say why. */
export interface DrillKept {
  reportPath: string | null;
  notes: string[];
}

/** Result of `drillVersion`. */
export type DrillOutcome = DrillReport & DrillKept;

export const DRILL_OPERATION = 'drill';

export function drillPassed({ stores, checks }: Pick<DrillReport, 'stores' | 'checks'>): boolean {
  const sound = checks.every(({ passed, severity }) => passed || severity === 'warning');
  return stores.length > 0 && stores.every(({ passed }) => passed) && checks.length > 0 && sound;
}

/** The newest restore among these that wrote Neo4j and was kept. */
export function lastNeo4jRestore(newestFirst: readonly SwitchEntry[]): RealRestore | null {
  for (const entry of newestFirst) {
    const tookAtMostMs = disagreedAtMost(entry);
    if (entry.kind !== 'restore' || !entry.stores.includes('neo4j')) continue;
    if (tookAtMostMs === null || entry.committedAt === null) continue;
    return { versionId: entry.versionId, at: entry.committedAt, stores: entry.stores, tookAtMostMs };
  }
  return null;
}

/** The last real restore of Neo4j in words; null where nobody looked, or Neo4j was not drilled. */
export function realRestoreText({
  stores,
  lastNeo4jRestore: last,
}: Pick<DrillReport, 'stores' | 'lastNeo4jRestore'>): string | null {
  if (last === undefined || !stores.some(({ store }) => store === 'neo4j')) return null;
  if (last === null) return 'none on this base yet';
  const together = last.stores.map((store) => STORE_TITLES[store]).join(', ');
  return `at most ${duration(last.tookAtMostMs)} for ${together}, of ${last.versionId} at ${last.at}`;
}

/** What operation_log keeps of a drill. */
export function drillDetails(report: DrillReport): Record<string, unknown> {
  const { versionId, startedBy, recoveryMs, stores, checks } = report;
  const failed = checks.filter(({ passed }) => !passed).map(({ number, name }) => `${number ?? '-'} ${name}`);
  return {
    versionId,
    startedBy,
    recoveryMs,
    milliseconds: Object.fromEntries(stores.map(({ store, milliseconds }) => [store, milliseconds])),
    failed: [...stores.filter(({ passed }) => !passed).map(({ store }) => store as string), ...failed],
  };
}

/** `drill-20260102T030405Z`: the report's files, without their endings. */
export function drillFile({ startedAt }: DrillReport): string {
  return `drill-${startedAt.replaceAll(/[-:]|\.\d+/g, '')}`;
}

/**
 * What a store took. There is no second Neo4j to restore into: its time is that of reading the export whole, and a
 * restore has to write it besides.
 */
export function tookText({ store, milliseconds }: Pick<RehearsedStore, 'store' | 'milliseconds'>): string {
  return store === 'neo4j' ? `${duration(milliseconds)}, read and not written` : duration(milliseconds);
}

/** The report as Markdown: the file beside the JSON, and the details that the Temporal UI shows. */
export function drillMarkdown(report: DrillReport): string {
  const { base, versionId, passed, startedAt, endedAt, startedBy, recoveryMs, stores, checks } = report;
  const found = stores.map((one) => [
    STORE_TITLES[one.store],
    passedMark(one.passed),
    tookText(one),
    plain(one.evidence),
  ]);
  return [
    `# Drill of ${versionId}: ${passed ? 'passed' : 'FAILED'}`,
    '',
    facts([
      ['base', code(base)],
      ['asked for by', startedBy && plain(startedBy)],
      ['began', startedAt],
      ['ended', endedAt],
      ['time to recover', duration(recoveryMs)],
      ['last real restore of Neo4j', maybe(realRestoreText(report), plain)],
    ]),
    '',
    section('Stores', [table(['store', 'as recorded', 'took', 'what was done'], found)]),
    '',
    section('Checks of what was restored', [bullets(checks.map(checkLine))], 'Not run: a store could not be restored.'),
  ].join('\n');
}

function checkLine({ number, name, passed, severity, expected, actual }: CheckResult): string {
  const verdict = passed ? 'passed' : severity === 'warning' ? '**warning**' : '**FAILED**';
  return `${number === undefined ? '' : `${number}. `}${plain(name)}: ${verdict}, expected ${plain(expected)}, found ${plain(actual)}`;
}
