import { Context } from '@temporalio/activity';
import {
  DRILL_OPERATION,
  drillDetails,
  drillFile,
  drillMarkdown,
  type DrillInput,
  type DrillKept,
  type DrillReport,
} from '../domain/drill';
import { HybridFlowError } from '../domain/errors';
import { redact } from '../domain/masking';
import { REHEARSAL_PREFIX } from '../domain/names';
import { isVersionId } from '../domain/version-id';
import { drill } from '../inspection/drill';
import { whileInUse } from '../inspection/in-use';
import { removeRehearsals } from '../inspection/rehearsal';
import { callControl, isRetry, run } from './context';
import type { ActivityDeps } from './deps';

/** A version restored beside production, where metadata.db and the artifacts are. */
export function createDrillActivities(deps: ActivityDeps) {
  const { artifacts, metadata, secrets, settings } = deps;
  return {
    /**
     * Each attempt has side targets of its own: one thought dead must not take those of its successor away. They are
     * named after the run, as a rehearsal's are, and `removeRehearsal` finds them.
     */
    async drill(input: DrillInput): Promise<DrillReport> {
      assertServed(input.base, settings.base);
      const ours = `${REHEARSAL_PREFIX}${run().runId}_drill_`;
      if (isRetry()) await removeRehearsals(deps, ours);
      const sideName = `${ours}${Context.current().info.attempt}`;
      const { base, minimumFreeBytes } = settings;
      return whileInUse(artifacts, [input.versionId], 'drill', () =>
        drill(deps, input, { base, minimumFreeBytes, sideName, control: callControl() }),
      );
    },

    /** Keeps what a drill found: beside the version's reports, and in operation_log. Repeated, it adds nothing. */
    async recordDrill(report: DrillReport): Promise<DrillKept> {
      const told = redact(report, secrets);
      const notes: string[] = [];
      const noted = async <T>(what: string, work: () => T | Promise<T>): Promise<T | null> => {
        try {
          return await work();
        } catch (error) {
          notes.push(redact(`${what}: ${error instanceof Error ? error.message : String(error)}`, secrets));
          return null;
        }
      };
      const reportPath = await noted('the report was not written', async () => {
        const { versionId } = told;
        await artifacts.writeReport(versionId, `${drillFile(told)}.json`, `${JSON.stringify(told, null, 2)}\n`);
        return artifacts.writeReport(versionId, `${drillFile(told)}.md`, `${drillMarkdown(told)}\n`);
      });
      await noted('operation_log was not written', () => {
        const { versionId, passed, startedAt, endedAt } = told;
        metadata.registry.logOperations(isVersionId(versionId) ? versionId : null, [
          {
            type: DRILL_OPERATION,
            status: passed ? 'success' : 'failed',
            details: { ...drillDetails(told), reportPath },
            startedAt,
            completedAt: endedAt,
          },
        ]);
      });
      return { reportPath, notes };
    },
  };
}

function assertServed(asked: string | undefined, served: string): void {
  if (asked === undefined || asked === served) return;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `A drill of ${asked} was asked for, and taken by a worker that serves ${served}`,
    expected: 'one base per task queue',
    next: 'compare HYBRIDFLOW_BASE on both sides, and give each base a Temporal namespace of its own',
  });
}
