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

const ORDER: readonly RollbackStep['state'][] = ['not needed', 'done', 'failed'];

function worse(a: RollbackStep['state'], b: RollbackStep['state']): RollbackStep['state'] {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
