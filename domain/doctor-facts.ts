/**
 * What the doctor may find, fact by fact. A fact that could not be read is `unknown`, never the best case. `unfinished`
 * speaks of what was begun by a run that is not at work any more; a change that is at work is `change`.
 */
export const DOCTOR_FACTS = {
  metadata: ['readable', 'busy', 'missing', 'unreadable'],
  temporal: ['up', 'down'],
  /** Qdrant and Neo4j together. */
  services: ['up', 'down'],
  /** Whether somebody polls both task queues. */
  workers: ['polling', 'missing', 'unknown'],
  change: ['none', 'running', 'failing', 'staging', 'approval', 'unknown'],
  unfinished: ['none', 'before the commit point', 'after the commit point', 'rollback', 'run', 'unknown'],
  fence: ['free', 'held'],
  versions: ['none', 'some'],
  /** Production's counts against those of the current version. */
  production: ['as counted', 'differs', 'unknown'],
  /** The artifacts of the version that production is. */
  current: ['sound', 'damaged', 'unknown'],
  latestCopy: ['sound', 'damaged', 'missing', 'unknown'],
  leftovers: ['none', 'some', 'unknown'],
} as const;

export type DoctorFacts = { [K in keyof typeof DOCTOR_FACTS]: (typeof DOCTOR_FACTS)[K][number] };

/** How grave it is; each has an exit code of its own. */
export const CONDITIONS = ['healthy', 'needs operator', 'damaged', 'busy', 'unreachable'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Stands for the id of the version that production is, in a command. */
export const CURRENT = '<current>';

export interface DoctorRule {
  verdict: string;
  /** What must hold, fact by fact; a fact that is left out may be anything. */
  when: { readonly [K in keyof DoctorFacts]?: readonly DoctorFacts[K][] };
  condition: Condition;
  /** One or two sentences for people. */
  says: string;
  /** The one safe next command. It waits, reads, or goes on with what was begun; it never begins anything. */
  command: string;
}
