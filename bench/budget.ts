import type { Figures } from './report';

/** What the program sets itself at full scale, on two cores. The migration plan allows 15 minutes in all. */
export const BUDGET = {
  migrateMs: 30_000,
  labelP95Ms: 100,
  checksMs: 5_000,
  rollbackMs: 10_000,
  promoteMs: 10_000,
  restoreMs: 60_000,
  workerPeakBytes: 400_000_000,
} as const;

/** The migration plan's own estimates, phase by phase. */
export const PLAN: Record<string, string> = {
  'schema migration': '< 1 min',
  'baseline registration': '2-3 min',
  'label addition': '5-10 min',
  validation: '2-3 min',
};

export interface Verdict {
  name: string;
  worst: number | null;
  budget: number;
  within: boolean | null;
}

/** The worst run against the budget: a figure that was not measured is neither within nor over. */
export function judge({ runs, checks, rollbacks, lives }: Figures): Verdict[] {
  const worst = (figures: (number | null | undefined)[]) => {
    const known = figures.filter((figure) => figure != null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const verdict = (name: string, figure: number | null, budget: number): Verdict => ({
    ...{ name, budget, worst: figure },
    within: figure === null ? null : figure < budget,
  });
  return [
    verdict('migrate', worst(runs.map(({ migrateMs }) => migrateMs)), BUDGET.migrateMs),
    verdict('label batch p95', worst(runs.map(({ labels }) => labels?.p95)), BUDGET.labelP95Ms),
    verdict('seven checks', worst(checks.map(({ totalMs }) => totalMs)), BUDGET.checksMs),
    verdict('rollback without a restore', worst(rollbacks.map(({ totalMs }) => totalMs)), BUDGET.rollbackMs),
    verdict('promote of 1 %', worst(lives.map(({ promoteMs }) => promoteMs)), BUDGET.promoteMs),
    verdict('restore of all three stores', worst(lives.map(({ restoreMs }) => restoreMs)), BUDGET.restoreMs),
    verdict('restore after a loss', worst(lives.map((life) => life.restoreAfterLossMs)), BUDGET.restoreMs),
    verdict('worker peak memory', worst(runs.map((run) => run.workerPeakBytes)), BUDGET.workerPeakBytes),
  ];
}
