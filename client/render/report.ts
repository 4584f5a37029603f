import type { RunReport } from '../../domain/report';
import type { Colors } from '../output';
import { table } from './tables';

/** One line of `hfv report --list`. Field names are part of the contract. */
export interface ReportListing {
  versionId: string;
  /** Null where the run has not written its report (yet), or it cannot be read. */
  outcome: RunReport['outcome'] | null;
  endedAt: string | null;
  /** Whether the report from before the migration is there. */
  preMigration: boolean;
}

/** The reports as a table, oldest first. */
export function renderReportList(reports: readonly ReportListing[], color: Colors): string {
  if (reports.length === 0) return 'There are no reports yet; a migration (`hfv migrate`) writes one, however it ends';
  const rows = reports.map(({ versionId, outcome, endedAt, preMigration }) => [
    versionId,
    outcome === null ? 'no report of the run' : outcome === 'committed' ? color.green(outcome) : color.yellow(outcome),
    endedAt ?? '',
    preMigration ? 'yes' : 'no',
  ]);
  return table(['version', 'outcome', 'ended', 'pre-migration'], rows, color);
}
