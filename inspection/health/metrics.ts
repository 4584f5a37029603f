import { freemem, totalmem } from 'node:os';
import type { CheckResult } from '../../domain/checks';
import type { HealthMetric, Reading } from '../../domain/health';
import { checksMetric, labelsMetric, latencyMetric, registryMetric, tablesMetric } from '../../domain/health-metrics';
import { servicesMetric } from '../../domain/health-services';
import type { VersionRow } from '../../domain/registry';
import { BASELINE_LABEL, versionLabel } from '../../domain/version-id';
import type { CallControl } from '../../stores/ports';
import { runChecks } from '../checks';
import type { HealthDeps } from './deps';
import { readLatency } from './latency';
import { LONG_MS, read } from './readings';

/** The six metrics, in their order, and the checks that one of them is made of. */
export async function readMetrics(
  deps: HealthDeps,
  row: Reading<VersionRow | null>,
  versionId: string | null,
  control: CallControl,
): Promise<{ metrics: HealthMetric[]; checks: CheckResult[] }> {
  const { tables, inserted, labels, services, silent } = await readQuickly(deps, row, versionId);
  const { expectedChapters } = deps.settings;
  // What needs a store that is known to be silent would only wait for it.
  const long = async <T>(work: (control: CallControl) => Promise<T>): Promise<Reading<T>> => {
    if (silent !== undefined) return { error: `not looked at: ${silent}` };
    return read(deps.secrets, (late) => work({ ...control, signal: either(control.signal, late) }), LONG_MS);
  };
  const checks = await long((within) => runChecks(deps, { expectedChapters }, within));
  // Last and alone: what runs beside a probe makes it look slow.
  const latency = await long((within) => readLatency(deps, versionId, within));
  return {
    metrics: [tables, inserted, labels, checksMetric(checks), latencyMetric(latency), services],
    checks: checks.value ?? [],
  };
}

/** The four metrics that are a few statements each; `silent` is what a store gave for not answering. */
async function readQuickly(
  { metadata, vectors, graph, artifacts, settings, secrets }: HealthDeps,
  row: Reading<VersionRow | null>,
  versionId: string | null,
) {
  const { minimumFreeBytes } = settings;
  const label = versionId === null ? BASELINE_LABEL : versionLabel(versionId);
  const [tables, labels, sqlite, qdrant, neo4j, disk] = await Promise.all([
    read(secrets, () => metadata.inspectTables()),
    read(secrets, async () => (await graph.counts(label)).labels),
    read(secrets, () => metadata.integrity()),
    read(secrets, () => vectors.status()),
    read(secrets, () => graph.schemaHealth()),
    read(secrets, async () => ({ freeBytes: await artifacts.freeBytes(), minimumFreeBytes })),
  ]);
  const memory = { rssBytes: process.memoryUsage().rss, freeBytes: freemem(), totalBytes: totalmem() };
  return {
    tables: tablesMetric(tables, versionId !== null),
    inserted: registryMetric(row, versionId),
    labels: labelsMetric(labels, row.value ?? null),
    services: servicesMetric({ sqlite, qdrant, neo4j, disk, memory }),
    silent: sqlite.error ?? qdrant.error ?? neo4j.error,
  };
}

function either(signal: AbortSignal | undefined, late: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([signal, late]) : late;
}
