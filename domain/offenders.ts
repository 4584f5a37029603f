import type { Offenders } from './checks';

export const MOST_SAMPLES = 20;

/** Counts what offends, and keeps the first few: memory does not grow with what is wrong. */
export class OffenderTally implements Offenders {
  total = 0;
  readonly samples: string[] = [];

  add(offender: string): void {
    this.total += 1;
    if (this.samples.length < MOST_SAMPLES) this.samples.push(offender);
  }

  /** A plain object, fit to leave the process. */
  result(): Offenders {
    return { total: this.total, samples: this.samples };
  }
}

/** Several lists as one. The samples are taken from each in turn, so that no kind of offender hides another. */
export function together(lists: readonly Offenders[]): Offenders {
  const longest = Math.max(0, ...lists.map(({ samples }) => samples.length));
  const samples = Array.from({ length: longest }, (_, nth) =>
    lists.flatMap((list) => list.samples.slice(nth, nth + 1)),
  );
  return { total: lists.reduce((sum, { total }) => sum + total, 0), samples: samples.flat().slice(0, MOST_SAMPLES) };
}
