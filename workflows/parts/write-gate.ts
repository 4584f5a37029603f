import { condition, setHandler } from '@temporalio/workflow';
import type { GateState, PauseView } from '../../domain/baseline';
import { pauseNeo4jWrites, pauseUpdate, resumeNeo4jWrites, resumeUpdate, type PauseRequest } from '../messages';
import { businessFailure } from './failures';

const now = () => new Date().toISOString();

const LONGEST_PAUSE_SECONDS = 30 * 24 * 3600;

/** What can be used of a request. A signal cannot be refused, and a handler that throws would stop the whole run. */
function sound(request: unknown): PauseRequest {
  const { reason, by, forSeconds } = (typeof request === 'object' && request !== null ? request : {}) as Record<
    string,
    unknown
  >;
  const limited = typeof forSeconds === 'number' && forSeconds > 0 && forSeconds <= LONGEST_PAUSE_SECONDS;
  return {
    reason: typeof reason === 'string' ? reason : undefined,
    by: typeof by === 'string' ? by : undefined,
    forSeconds: limited ? forSeconds : undefined,
  };
}

/**
 * The pause of Neo4j writes. `pausing` means asked for; `paused` means that the store itself refuses further
 * batches of this run and none is in flight. The gate outlives the labelling only as a record.
 */
export class WriteGate {
  #state: GateState = 'open';
  #request: PauseRequest | undefined;
  #requestedAt: string | undefined;
  #quiescedAt: string | undefined;
  #until: number | undefined;
  #closed = false;
  #writing = false;

  constructor(private readonly onChange: () => void) {
    setHandler(pauseNeo4jWrites, (request) => this.#pause(sound(request)), {
      description: 'Stop Neo4j writes within one batch; optional {reason, by, forSeconds}',
    });
    setHandler(resumeNeo4jWrites, () => this.#resume(), {
      description: 'Go on with Neo4j writes; optional {by}',
    });
    setHandler(pauseUpdate, (request?: PauseRequest) => this.#answerPause(sound(request)), {
      validator: (request?: PauseRequest) => this.#validate(request ?? {}),
      description: 'As pauseNeo4jWrites, answered once Neo4j is quiet',
    });
    setHandler(resumeUpdate, () => (this.#resume(), this.view()), {
      description: 'As resumeNeo4jWrites, answered with the state of the gate',
    });
  }

  get pauseRequested(): boolean {
    return this.#request !== undefined;
  }

  view(): PauseView {
    const until = this.#until === undefined ? undefined : new Date(this.#until).toISOString();
    const { reason, by } = this.#request ?? {};
    return { state: this.#state, reason, by, requestedAt: this.#requestedAt, quiescedAt: this.#quiescedAt, until };
  }

  /** Batches may be in flight from now on. */
  startWriting(): void {
    this.#writing = true;
  }

  /** To be called when the store has confirmed that nothing is in flight. Waits for the resume or the deadline. */
  async holdUntilResumed(): Promise<void> {
    if (!this.pauseRequested) return;
    this.#state = 'paused';
    this.#quiescedAt ??= now();
    this.onChange();
    const resumed = () => !this.pauseRequested;
    if (this.#until === undefined) await condition(resumed);
    else if (!(await condition(resumed, Math.max(1, this.#until - Date.now())))) this.#resume();
  }

  /** No Neo4j writes of the forward path are to come: a pause asked for from now on has nothing to hold. */
  close(): void {
    this.#closed = true;
    this.#writing = false;
    this.#resume();
  }

  #validate({ forSeconds }: PauseRequest): void {
    if (this.#closed) {
      throw businessFailure('STATUS_MOVE_REFUSED', {
        found: 'the labelling is over: there are no Neo4j writes to pause',
        next: 'look at the run with `hfv status`',
      });
    }
    if (forSeconds !== undefined && sound({ forSeconds }).forSeconds === undefined) {
      throw businessFailure('CONFIG_INVALID', {
        found: `forSeconds is ${forSeconds}`,
        expected: 'a positive number of seconds, at most thirty days',
      });
    }
  }

  #pause(request: PauseRequest): void {
    if (this.#closed || this.pauseRequested) return;
    this.#request = request;
    this.#requestedAt = now();
    this.#quiescedAt = undefined;
    // Where no batch can be in flight, Neo4j is quiet at once.
    this.#state = this.#writing ? 'pausing' : 'paused';
    if (!this.#writing) this.#quiescedAt = now();
    const { forSeconds } = request;
    this.#until = forSeconds ? Date.now() + forSeconds * 1000 : undefined;
    this.onChange();
  }

  async #answerPause(request: PauseRequest): Promise<PauseView> {
    this.#pause(request);
    await condition(() => this.#state !== 'pausing');
    return this.view();
  }

  #resume(): void {
    this.#request = undefined;
    this.#requestedAt = undefined;
    this.#until = undefined;
    this.#state = 'open';
    this.onChange();
  }
}
