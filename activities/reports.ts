import { redact } from '../domain/masking';
import type { MigrationPlan } from '../domain/plan';
import type { ProbeSummary } from '../domain/probes';
import { REPORT_FILES, withRollback, type RollbackTold, type RunReport } from '../domain/report';
import { renderPreMigration, renderPublish, renderReport } from '../domain/report-markdown';
import type { PublishReport } from '../domain/publish';
import type { ActivityDeps } from './deps';

/** What is told about a run, for programs (JSON) and for people (Markdown). No secret leaves the process. */
export function createReportActivities({ artifacts, secrets }: ActivityDeps) {
  /** To the reports, and beside the version's artifacts where they are; answers the paths in the reports. */
  const writeBoth = async <T extends { versionId: string }>(report: T, render: (told: T) => string) => {
    const told = redact(report, secrets);
    const files = [
      [`${REPORT_FILES.run}.json`, textOf(told)],
      [`${REPORT_FILES.run}.md`, render(told)],
    ] as const;
    const { versionId } = report;
    const paths: string[] = [];
    for (const [file, text] of files) paths.push(await artifacts.writeReport(versionId, file, text));
    if (await artifacts.exists(versionId)) {
      for (const [file, text] of files) await artifacts.writeText(versionId, file, text);
    }
    const [json = '', markdown = ''] = paths;
    return { json, markdown };
  };
  return {
    /** Answers the path of the Markdown. */
    async writePreMigrationReport(
      versionId: string,
      plan: MigrationPlan,
      probes: ProbeSummary | null,
    ): Promise<string> {
      const told = redact({ plan, probes }, secrets);
      await artifacts.writeReport(versionId, `${REPORT_FILES.preMigration}.json`, textOf(told));
      // Made of the plan alone, so that repeating it writes the same.
      const markdown = renderPreMigration(told.plan, told.probes, plan.takenAt);
      return artifacts.writeReport(versionId, `${REPORT_FILES.preMigration}.md`, markdown);
    },

    async writePublishReport(report: PublishReport): Promise<{ json: string; markdown: string }> {
      return writeBoth(report, renderPublish);
    },

    async writeRunReport(report: RunReport): Promise<{ json: string; markdown: string }> {
      return writeBoth(report, renderReport);
    },

    /** Adds to the report of a run the rollback that another workflow has done. */
    async reportRollback(told: RollbackTold): Promise<string> {
      const text = await artifacts.readReport(told.rollback.versionId, `${REPORT_FILES.run}.json`);
      const previous = text === undefined ? null : (JSON.parse(text) as RunReport);
      return (await writeBoth(withRollback(previous, told), renderReport)).markdown;
    },
  };
}

function textOf(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
