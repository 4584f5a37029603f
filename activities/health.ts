import { Context } from '@temporalio/activity';
import { HybridFlowError } from '../domain/errors';
import type { HealthReport, LogFinding } from '../domain/health';
import { healthMarkdown } from '../domain/health-markdown';
import { redact } from '../domain/masking';
import { REPORT_FILES } from '../domain/report';
import { checkHealth, readLogs } from '../inspection/health';
import { callControl } from './context';
import type { ActivityDeps } from './deps';

/**
 * A schedule goes on for years: kept are the reports of the last 50 checks (two days at one an hour), which is what
 * somebody reads who asks what went wrong, and the rows of the last 200, of which the trend is seen. A report is some
 * 10 KB, a row a few hundred bytes.
 */
const KEPT_REPORTS = 50;
const KEPT_ROWS = 200;
const OPERATION = 'health_check';

/** The health check, where metadata.db, the reports and the logs are. */
export function createHealthActivities(deps: ActivityDeps) {
  return {
    /** Errors in the services' logs since a moment (ISO 8601), where the configuration names logs that can be read. */
    async readServiceLogs(since: string): Promise<LogFinding[]> {
      return readLogs(deps, new Date(since));
    },

    /**
     * Looks at the version's health (of the one committed last, where null), and keeps what it found beside the
     * version's reports and in operation_log. Repeated, it replaces its report and adds no second row. The oldest
     * reports and rows of earlier checks go.
     *
     * CONFIG_INVALID where another base is asked for than this worker serves.
     */
    async inspectHealth(versionId: string | null, base: string | null): Promise<HealthReport> {
      assertServed(base, deps.settings.base);
      const report = await checkHealth(deps, versionId, callControl());
      const { versionId: version } = report;
      // Nowhere to keep it: the base has no version, or the registry knows none of this name.
      if (version === null || report.registered === false) return report;
      // The same for every attempt, so that they write the same file and the same row.
      const asked = new Date(Context.current().info.scheduledTimestampMs);
      const notes = [
        ...(await noted('the report was not written', deps, () => writeReport(deps, version, report, asked))),
        ...(await noted('operation_log was not written', deps, async () => logCheck(deps, version, report, asked))),
        ...(await noted('earlier checks were not cleared away', deps, () => prune(deps, version))),
      ];
      return { ...report, notes: [...report.notes, ...notes] };
    },
  };
}

function assertServed(asked: string | null, served: string): void {
  if (asked === null || asked === served) return;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `The health of ${asked} was asked for, and taken by a worker that serves ${served}`,
    expected: 'one base per task queue',
    next: 'compare HYBRIDFLOW_BASE on both sides, and give each base a Temporal namespace of its own',
  });
}

async function writeReport(
  { artifacts }: ActivityDeps,
  versionId: string,
  report: HealthReport,
  asked: Date,
): Promise<void> {
  const name = `${REPORT_FILES.health}-${asked.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  await artifacts.writeReport(versionId, `${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await artifacts.writeReport(versionId, `${name}.md`, `${healthMarkdown(report)}\n`);
}

function logCheck({ metadata }: ActivityDeps, versionId: string, report: HealthReport, asked: Date): void {
  const { state, metrics } = report;
  const found = Object.fromEntries(metrics.map((metric) => [metric.name, metric.state]));
  metadata.registry.logOperations(versionId, [
    {
      type: OPERATION,
      status: state === 'failed' ? 'failed' : 'success',
      details: { state, metrics: found },
      startedAt: asked.toISOString(),
      completedAt: new Date().toISOString(),
    },
  ]);
}

async function prune({ artifacts, metadata }: ActivityDeps, versionId: string): Promise<void> {
  // Each as JSON and as Markdown.
  await artifacts.pruneReports(versionId, `${REPORT_FILES.health}-`, 2 * KEPT_REPORTS);
  metadata.registry.pruneOperations(versionId, OPERATION, KEPT_ROWS);
}

/** What was found is worth more than where it is kept: a store that is down is the very thing to be told of. */
async function noted(what: string, { secrets }: ActivityDeps, work: () => Promise<void>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [redact(`${what}: ${error instanceof Error ? error.message : String(error)}`, secrets)];
  }
}
