import type { CheckResult } from './checks';
import type { StoreName } from './names';
import type { RehearsedStore } from './rehearsal';
import { bullets, code, facts, passedMark, plain, section, table } from './report-markdown/text';
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
