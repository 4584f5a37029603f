import type { RunReport } from '../report';
import { probesSection, rehearsalSection } from './answers';
import { artifactsSection, consistencySection } from './artifacts';
import { checklistsSection } from './checklists';
import { courseSection, labelsSection, logsSection, warningsSection } from './course';
import { checksSection, criteriaSection, fingerprintsSection } from './proof';
import { rollbackSection } from './rollback';
import { nextSteps, summary } from './summary';

export { renderPreMigration } from './before';
export { renderPublish } from './publish';

const SECTIONS = [
  summary,
  criteriaSection,
  checksSection,
  fingerprintsSection,
  consistencySection,
  probesSection,
  rehearsalSection,
  artifactsSection,
  courseSection,
  labelsSection,
  rollbackSection,
  checklistsSection,
  logsSection,
  warningsSection,
  nextSteps,
];

/** A run's report for people, as Markdown: it says everything that `report.json` does, the outcome first. */
export function renderReport(report: RunReport): string {
  return `${SECTIONS.map((render) => render(report)).join('\n\n')}\n`;
}
