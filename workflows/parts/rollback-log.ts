import type { Claim } from '../../domain/claim';
import { ROLLBACK_STEPS, type RollbackStep } from '../../domain/rollback';
import { messageOf } from './failures';

export interface StepEnd<T> {
  state?: RollbackStep['state'];
  detail: string;
  result: T;
}

/** Keeps the eight steps of a rollback as they end, in their order. A step may come in parts; the worst state stays. */
export class RollbackLog {
  readonly #steps = new Map<number, RollbackStep>();

  get steps(): RollbackStep[] {
    return [...this.#steps.values()].sort((a, b) => a.number - b.number);
  }

  get failed(): RollbackStep[] {
    return this.steps.filter(({ state }) => state === 'failed');
  }

  /** Runs a step and notes how it ended. What it throws is noted, and thrown on. */
  async step<T>(number: number, work: () => Promise<StepEnd<T>>): Promise<T> {
    const startedAt = new Date().toISOString();
    try {
      const { state = 'done', detail, result } = await work();
      this.note(number, state, detail, startedAt);
      return result;
    } catch (error) {
      this.note(number, 'failed', messageOf(error), startedAt);
      throw error;
    }
  }

  /** As {@link step}, but what fails is only noted: the steps after it are still to be done. */
  async attempt(number: number, work: () => Promise<StepEnd<unknown>>): Promise<void> {
    await this.step(number, work).catch(() => undefined);
  }

  note(
    number: number,
    state: RollbackStep['state'],
    detail: string,
    startedAt = new Date().toISOString(),
    endedAt = new Date().toISOString(),
  ): void {
    const name = ROLLBACK_STEPS[number - 1];
    if (name === undefined) throw new RangeError(`a rollback has no step ${number}`);
    const known = this.#steps.get(number);
    const merged: RollbackStep = known
      ? { ...known, state: worse(known.state, state), detail: `${known.detail}; ${detail}`, endedAt }
      : { number, name, state, detail, startedAt, endedAt };
    this.#steps.set(number, merged);
  }
}

/** Step 2 of a run that has no row: yet, or as every restore. */
export function noteNoRow(log: RollbackLog, kind: Claim['kind'], startedAt?: string): void {
  const why = kind === 'restore' ? 'a restore has no row of its own' : 'the version had no row yet';
  log.note(2, 'not needed', why, startedAt);
}

/** Steps 3 and 4 of what stages nothing; a restore gives no label either, and has no use for step 5. */
export function noteNoStaging(log: RollbackLog, kind: 'baseline' | 'restore'): void {
  if (kind === 'restore') {
    for (const step of [3, 4, 5]) log.note(step, 'not needed', 'a restore stages nothing');
    return;
  }
  log.note(3, 'not needed', 'a baseline has no staging table');
  log.note(4, 'not needed', 'a baseline has no staging collection');
}

/** Steps 6 and 7, unless they have told of themselves. */
export function noteNotCompared(log: RollbackLog, why: string): void {
  if (log.steps.some(({ number }) => number === 6 || number === 7)) return;
  for (const step of [6, 7]) log.note(step, 'not needed', why);
}

const ORDER: readonly RollbackStep['state'][] = ['not needed', 'done', 'failed'];

function worse(a: RollbackStep['state'], b: RollbackStep['state']): RollbackStep['state'] {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
