import { CancellationScope, setHandler } from '@temporalio/workflow';
import { abort, abortUpdate, type AbortRequest } from '../messages';
import { businessFailure } from './failures';

/** Runs the forward path so that the signal `abort`, or a cancellation from outside, ends it at its next step. */
export class Abortable {
  #scope: CancellationScope | undefined;
  #reason: string | undefined;
  #tooLate = false;

  constructor() {
    setHandler(abort, (request) => void this.#abort(request ?? {}), {
      description: 'Stop and roll everything back; optional {reason, by}',
    });
    setHandler(abortUpdate, (request?: AbortRequest) => this.#abort(request ?? {}), {
      validator: (request?: AbortRequest) => this.#refuseTooLate(request ?? {}),
      description: 'As the signal abort, but refused where it comes too late',
    });
  }

  /** Why the run was aborted, where it was. */
  get reason(): string | undefined {
    return this.#reason;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    this.#scope = scope;
    // An abort that came before the work began ends it at its first step.
    if (this.#reason !== undefined) scope.cancel();
    return scope.run(work);
  }

  /** As the signal: the forward path ends at its next step. Answers why it was stopped, be it now or before. */
  stop(request: AbortRequest): string {
    return this.#abort(request);
  }

  /** Whether stopping it would come too late. */
  get tooLate(): boolean {
    return this.#tooLate;
  }

  /** From here on the run is driven to its end, forward or back: an abort no longer has a say. */
  pointOfNoReturn(): void {
    this.#tooLate = true;
  }

  #refuseTooLate({ by }: AbortRequest): void {
    if (!this.#tooLate) return;
    throw businessFailure('STATUS_MOVE_REFUSED', {
      found: `the abort${by ? ` by ${by}` : ''} comes too late: the run commits, or is being rolled back`,
      expected: 'an abort before the commit',
      next: 'watch its end with `hfv status`',
    });
  }

  #abort({ reason, by }: AbortRequest): string {
    if (!this.#tooLate && this.#reason === undefined) {
      this.#reason = `aborted${by ? ` by ${by}` : ''}${reason ? `: ${reason}` : ''}`;
      this.#scope?.cancel();
    }
    return this.#reason ?? '';
  }
}

/** Runs work side by side; where one fails the others are cancelled and awaited, so that none goes on behind the saga. */
export async function allOrCancel<T extends readonly (() => Promise<unknown>)[]>(
  works: T,
): Promise<{ [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const started = works.map((work) => work());
    try {
      return (await Promise.all(started)) as { [K in keyof T]: Awaited<ReturnType<T[K]>> };
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(started);
      throw error;
    }
  });
}
