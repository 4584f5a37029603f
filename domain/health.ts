import type { CheckResult } from './checks';

export interface HealthSettings {
  /** Seconds after a commit at which its health is checked. */
  delaySeconds: number;
  /** Log files of the services, where they can be read; their errors are counted. */
  logs: readonly string[];
}

export const METRIC_NAMES = [
  'table creation',
  'registry insert',
  'label progress',
  'validation checks',
  'query latency',
  'service health',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** `unknown`: there is nothing to measure or to compare with. It makes nothing worse, and is no proof of anything. */
export type MetricState = 'ok' | 'warning' | 'failed' | 'unknown';

/** One of the six metrics of the monitoring, as it stands. */
export interface HealthMetric {
  name: MetricName;
  state: MetricState;
  /** In words, with numbers. */
  value: string;
  details: Record<string, unknown>;
}

export interface LogFinding {
  path: string;
  readable: boolean;
  /** Errors are counted from here on, ISO 8601. */
  since: string;
  /** Lines that name an error since then; `samples` shows at most 5. */
  errors: number;
  /** How many of them carry no time that can be read, nor does any line before them: they may be older. */
  undated: number;
  samples: string[];
  /** What should be known of this count: why the file could not be read, or that only its end was. */
  note: string | null;
}

export type HealthState = Exclude<MetricState, 'unknown'>;

export interface HealthReport {
  format: 'hybridflow-health/1';
  base: string;
  versionId: string | null;
  /** Whether the registry knows the version; null where it could not be asked, or there is no version. */
  registered: boolean | null;
  takenAt: string;
  state: HealthState;
  metrics: HealthMetric[];
  checks: CheckResult[];
  logs: LogFinding[];
  /** What stood in the way of the check itself. */
  notes: string[];
}

/** Input of `checkHealth`. */
export interface CheckHealthInput {
  /** Whose health is asked for: a worker that serves another base refuses, so that none is taken for another. */
  base?: string;
  /** The committed version, where it is left out. */
  versionId?: string;
  /** The check waits for this long: a durable timer. */
  delaySeconds?: number;
}

/** Answer of the query `health`. */
export interface HealthView {
  versionId: string | null;
  /** Until when the check waits; null once it has begun. */
  waitsUntil: string | null;
  report: HealthReport | null;
}

/** What a metric is judged by: what was read, or why it could not be. A store that is down is a finding, not a failure. */
export type Reading<T> = { value: T; error?: undefined } | { value?: undefined; error: string };

const WORSE: readonly MetricState[] = ['unknown', 'ok', 'warning', 'failed'];

/** The worst of them. */
export function worstOf(states: readonly MetricState[]): MetricState {
  return states.reduce((worst, state) => (WORSE.indexOf(state) > WORSE.indexOf(worst) ? state : worst), 'unknown');
}

/** The state of the whole: errors in a service's log are a warning, since nobody knows what they mean. */
export function healthState(metrics: readonly HealthMetric[], logs: readonly LogFinding[]): HealthState {
  const errors = logs.some((log) => log.errors > 0);
  const worst = worstOf([...metrics.map(({ state }) => state), errors ? 'warning' : 'ok']);
  return worst === 'unknown' ? 'ok' : worst;
}
