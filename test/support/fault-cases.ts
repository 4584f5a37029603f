import type { Fault } from './faults';

/** What a call changes may be there although its answer was lost; for the others, before and after are the same. */
const CHANGES =
  /\.(create|register|record|commit$|log|delete|acquire|hold|label|revoke|open|write|link|seal|publish|claim|amend|snapshotTo|download|export|restore|drop|try|move)/;

/** Whether a call leaves something behind that an undo has to find. */
export const changesSomething = (call: string): boolean => CHANGES.test(call);

/** Both times of every call that changes something, and one of every call that only reads. */
export function faultCases(calls: readonly string[]): Pick<Fault, 'call' | 'when'>[] {
  return calls.flatMap((call) =>
    (CHANGES.test(call) ? (['before', 'after'] as const) : (['before'] as const)).map((when) => ({ call, when })),
  );
}

/** Calls that say nothing by failing: paths, and the end of the process. */
export const HARMLESS = ['artifacts.pathOf', 'metadata.close', 'graph.close'];

/** These only tidy up behind a commit: what fails there is a warning. */
export const TIDYING = ['artifacts.settleLatestCopy', 'artifacts.releaseClaim', 'metadata.fence.release'];

/** What fails here fails no step: a probe waits an outage out by itself, and a warm-up is none that a run needs. */
export const WAITED_FOR = [
  'vectors.nearest',
  'graph.texts',
  'graph.hierarchy',
  'graph.firstChapters',
  'graph.rehearseLabels',
];
