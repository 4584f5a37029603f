import type { ArtifactSummary, GitTarget } from './baseline';
import { BOXES } from './checklist-boxes';
import type { CriteriaFacts, CriterionResult } from './criteria';
import type { LogFinding } from './health';
import type { MigrationPlan } from './plan';
import type { ProbeSummary } from './probes';
import type { RehearsedStore } from './rehearsal';
import type { RunReport } from './report';

/** A box of the plan's three execution checklists. */
export interface ChecklistItem {
  list: 'before' | 'during' | 'after';
  /** The plan's own words. */
  text: string;
  /** `person`: not the program's to do; `command` does it. */
  state: 'done' | 'failed' | 'not reached' | 'person';
  evidence: string;
  command: string | null;
}

/** What the boxes are judged by. A null, or an empty list: the run ended before it was found out. */
export interface ChecklistFacts extends CriteriaFacts {
  outcome: RunReport['outcome'];
  versionId: string;
  startedAt: string;
  plan: MigrationPlan | null;
  preMigrationPath: string | null;
  probesBefore: ProbeSummary | null;
  /** Set once latest-copy is sealed: then every artifact in it was read anew and fits its manifest. */
  latestCopyPath: string | null;
  artifacts: readonly ArtifactSummary[];
  manifestPath: string | null;
  rehearsal: readonly RehearsedStore[];
  /** Empty where no log can be read from here. */
  logs: readonly LogFinding[];
  /** All eight, as `judgeCriteria` judged them. */
  criteria: readonly CriterionResult[];
  /** The tag that the run set, where it did. */
  gitTag: string | null;
  /** Where a person is to set it; the plan's own tag where nothing is configured. */
  git?: GitTarget;
}

/** Every box of the plan's three lists, in its order, with what ticks it. */
export function judgeChecklists(facts: ChecklistFacts): ChecklistItem[] {
  return BOXES.map(({ list, text, judge }) => ({ list, text, command: null, ...judge(facts) }));
}
