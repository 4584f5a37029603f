import type { Marks } from '../domain/consistency';
import type { MigrationPlan } from '../domain/plan';
import type { RunRef } from '../inspection/holders';
import { takeMarks } from '../inspection/marks';
import { makePlan } from '../inspection/plan';
import { callControl, run } from './context';
import type { ActivityDeps } from './deps';

/** Long enough to notice a writer that is busy, and short enough to be no part of the migration's time. */
const WATCH_MS = 500;

export interface PlanAsked {
  batchSize: number;
  label: string;
}

/** The plan and the marks of the stores: reads of all three, so only where metadata.db is. */
export function createPlanActivities(deps: ActivityDeps) {
  return {
    /** The plan as production gives it now. What this run holds itself is no obstacle to it. */
    async inspectPlan(asked: PlanAsked): Promise<MigrationPlan> {
      return planFor(deps, asked, run().runId);
    },

    /** What each store says was last written to it. */
    async markStores(): Promise<Marks> {
      return takeMarks(deps);
    },
  };
}

/** The plan with the worker's own settings. */
export function planFor(deps: ActivityDeps, asked: PlanAsked, ownRunId: string): Promise<MigrationPlan> {
  const { runs, settings } = deps;
  const isOpen = (other: RunRef) => runs.isOpen(other.workflowId, other.runId);
  return makePlan(deps, { ...settings, ...asked }, { watchMs: WATCH_MS, ownRunId, isOpen }, callControl());
}
