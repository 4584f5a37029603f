import type { CheckResult, LabelCounts } from './checks';
import type { HealthMetric, MetricName, MetricState, Reading } from './health';
import type { ProbeComparison } from './probes';
import type { TableBefore, VersionRow } from './registry';
import { isActive } from './status';

/** The tables that a registered version cannot be without. */
const NEEDED = ['version_registry', 'operation_log'];

function metric(
  name: MetricName,
  state: MetricState,
  value: string,
  details: Record<string, unknown> = {},
): HealthMetric {
  return { name, state, value, details };
}

/** Do the versioning tables fit? Where no version is registered there need not be any. */
export function tablesMetric(tables: Reading<TableBefore[]>, versionKnown: boolean): HealthMetric {
  const name = 'table creation';
  if (tables.error !== undefined) return metric(name, 'failed', tables.error);
  const found = tables.value.map(({ name: table, state, rows, differences }) => ({ table, state, rows, differences }));
  const wrong = found.filter(({ state }) => state === 'differs');
  const absent = NEEDED.filter((table) => !found.some((one) => one.table === table && one.state !== 'absent'));
  if (wrong.length > 0) {
    const text = wrong.map(({ table, differences }) => `${table} (${differences.join('; ')})`).join(', ');
    return metric(name, 'failed', `of another shape: ${text}`, { tables: found });
  }
  if (absent.length === 0) {
    const rows = found.filter(({ state }) => state === 'fits').map(({ table, rows: n }) => `${table} (rows: ${n})`);
    return metric(name, 'ok', rows.join(', '), { tables: found });
  }
  const text = `not there: ${absent.join(', ')}`;
  if (versionKnown) return metric(name, 'failed', text, { tables: found });
  return metric(name, 'unknown', `${text}; no version is registered yet`, { tables: found });
}

/** Is the version in the registry, and where does it stand? */
export function registryMetric(row: Reading<VersionRow | null>, versionId: string | null): HealthMetric {
  const name = 'registry insert';
  if (row.error !== undefined) return metric(name, 'failed', row.error);
  if (row.value === null) {
    if (versionId === null) return metric(name, 'unknown', 'no version is committed yet');
    return metric(name, 'failed', `${versionId} is not in the registry`, { versionId });
  }
  const { status, statusMessage, validationPassed, updatedAt } = row.value;
  const details = { versionId: row.value.versionId, status, validationPassed, updatedAt };
  const text = `${row.value.versionId} is ${status} since ${updatedAt} UTC`;
  if (isActive(status)) return metric(name, 'warning', `${text}: its change has not ended`, details);
  if (status !== 'committed' && status !== 'archived') {
    return metric(name, 'failed', `${text}${statusMessage ? `: ${statusMessage}` : ''}`, details);
  }
  if (validationPassed !== true) return metric(name, 'failed', `${text}, but its validation did not pass`, details);
  return metric(name, 'ok', text, details);
}

/** How many of the paragraphs carry the version's label. */
export function labelsMetric(labels: Reading<LabelCounts>, row: VersionRow | null): HealthMetric {
  const name = 'label progress';
  if (labels.error !== undefined) return metric(name, 'failed', labels.error);
  const { paragraphs, labelled, unlabelled } = labels.value;
  const percent = paragraphs === 0 ? 100 : Math.floor((100 * labelled) / paragraphs);
  const registered = row?.paragraphCount ?? null;
  const details = { paragraphs, labelled, unlabelled, percent, registered };
  const text = `${labelled} of ${paragraphs} paragraphs (${percent} %)`;
  if (row === null) {
    if (labelled === 0) return metric(name, 'unknown', `${text}; no version is committed yet`, details);
    return metric(name, 'warning', `${text} carry a label, but no version is committed`, details);
  }
  if (isActive(row.status)) return metric(name, 'warning', `${text} so far`, details);
  if (row.status !== 'committed' && row.status !== 'archived') {
    return metric(name, labelled === 0 ? 'ok' : 'failed', `${text}; ${row.versionId} is ${row.status}`, details);
  }
  if (registered !== null && labelled !== registered) {
    return metric(name, 'failed', `${text}; ${registered} were labelled when it was committed`, details);
  }
  if (unlabelled === 0) return metric(name, 'ok', text, details);
  // All that it had still carries its label: what is new belongs to a version to come.
  const state = registered === null ? 'failed' : 'warning';
  return metric(name, state, `${text}; ${unlabelled} came after the commit or lost it`, details);
}

/** The seven checks of the validation checklist. */
export function checksMetric(checks: Reading<CheckResult[]>): HealthMetric {
  const name = 'validation checks';
  if (checks.error !== undefined) return metric(name, 'failed', checks.error);
  const failed = checks.value.filter(({ passed }) => !passed);
  const details = { checks: checks.value.length, failed: failed.map((check) => check.name) };
  const text = `${checks.value.length - failed.length} of ${checks.value.length} pass`;
  if (failed.length === 0) return metric(name, 'ok', text, details);
  const state = failed.some(({ severity }) => severity === 'critical') ? 'failed' : 'warning';
  return metric(name, state, `${text}; not: ${failed.map((check) => check.name).join(', ')}`, details);
}

export interface LatencyFacts {
  comparisons: ProbeComparison[];
  /** When the capture that is compared with was taken. */
  before: string;
}

/** The probes now against those before the version was made; null where nothing was captured then. */
export function latencyMetric(latency: Reading<LatencyFacts | null>): HealthMetric {
  const name = 'query latency';
  if (latency.error !== undefined) return metric(name, 'failed', latency.error);
  if (latency.value === null) return metric(name, 'unknown', 'no probes were captured before: nothing to compare with');
  const { comparisons, before } = latency.value;
  const known = comparisons.filter((one) => one.medianBeforeMs !== null && one.medianAfterMs !== null);
  const sum = (pick: 'medianBeforeMs' | 'medianAfterMs') => known.reduce((total, one) => total + (one[pick] ?? 0), 0);
  const [was, now] = [sum('medianBeforeMs'), sum('medianAfterMs')].map((total) => total / Math.max(1, known.length));
  const bad = comparisons.filter(({ verdict }) => verdict !== 'ok');
  const state = bad.length === 0 ? 'ok' : bad.some(({ verdict }) => verdict === 'failed') ? 'failed' : 'warning';
  const text = [
    `${comparisons.length} probes`,
    ...(known.length > 0 ? [`${now?.toFixed(1)} ms a probe, ${was?.toFixed(1)} ms before`] : []),
    ...bad.map((one) => `${one.name}: ${one.why ?? one.verdict}`),
  ].join('; ');
  return metric(name, state, text, { before, comparisons });
}
