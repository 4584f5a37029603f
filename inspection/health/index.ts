import { healthState, type HealthReport, type LogFinding } from '../../domain/health';
import type { VersionRow } from '../../domain/registry';
import { parseVersionId } from '../../domain/version-id';
import type { CallControl } from '../../stores/ports';
import type { HealthDeps } from './deps';
import { readLog } from './logs';
import { readMetrics } from './metrics';
import { read } from './readings';

export type { HealthDeps } from './deps';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The six metrics of the monitoring as they stand, and the errors in the services' logs. Changes nothing, takes no
 * lock, and reports whatever is down: a store that cannot be reached is a failed metric, never an exception.
 *
 * Looks at the version given, or else at the one committed last.
 *
 * @throws HybridFlowError VERSION_UNKNOWN where the text is no version id; whatever `control.signal` was aborted with
 */
export async function checkHealth(
  deps: HealthDeps,
  versionId?: string | null,
  control: CallControl = {},
): Promise<HealthReport> {
  const takenAt = new Date();
  if (versionId) parseVersionId(versionId);
  const row = await read(deps.secrets, () => rowOf(deps, versionId));
  const version = versionId ?? row.value?.versionId ?? null;
  const logs = await readLogs(deps, sinceWhen(row.value ?? null, takenAt));
  const { metrics, checks } = await readMetrics(deps, row, version, control);
  // What was given up on being told to stop is no finding.
  control.signal?.throwIfAborted();
  return {
    format: 'hybridflow-health/1',
    base: deps.settings.base,
    versionId: version,
    registered: version === null || row.error !== undefined ? null : row.value !== null,
    takenAt: takenAt.toISOString(),
    state: healthState(metrics, logs),
    metrics,
    checks,
    logs,
    notes: [],
  };
}

function rowOf({ metadata: { registry } }: HealthDeps, versionId: string | null | undefined): VersionRow | null {
  const row = versionId ? registry.find(versionId) : registry.list().findLast(({ status }) => status === 'committed');
  return row ?? null;
}

/** Since the commit, but not longer than a day: what a scheduled check found yesterday it need not find for ever. */
function sinceWhen(row: VersionRow | null, now: Date): Date {
  const committed = Date.parse(`${row?.updatedAt.replace(' ', 'T')}Z`);
  if (Number.isNaN(committed)) return new Date(now.getTime() - HOUR_MS);
  return new Date(Math.max(committed, now.getTime() - DAY_MS));
}

/** Errors in the services' logs since a moment, where the configuration names logs. */
export function readLogs(
  { health, secrets }: Pick<HealthDeps, 'health' | 'secrets'>,
  since: Date,
): Promise<LogFinding[]> {
  return Promise.all(health.logs.map((path) => readLog(path, { since, secrets })));
}
