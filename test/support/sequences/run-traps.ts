import type { ActivityDeps } from '../../../activities';

/** Where a run is met: right before, or right after, a port method that it calls. */
export interface Trap {
  call: string;
  when: 'before' | 'after';
}

/** Whether the call fails as if its worker were gone, or goes on as if nothing were. */
export type Then = 'die' | 'go on';

/** Ports on which a trap can be set. It springs once; from then on the same ports serve whoever continues. */
export class Traps {
  #set: (Trap & { then: Then }) | undefined;
  #spring: () => Promise<void> = () => Promise.resolve();

  /** Answers a promise that is kept once the trap has sprung, and what it does is done. */
  set(trap: Trap, effect: () => Promise<unknown>, then: Then = 'die'): Promise<void> {
    this.#set = { ...trap, then };
    return new Promise((resolve, reject) => {
      this.#spring = () => effect().then(() => resolve(), reject);
    });
  }

  /** Takes an unsprung trap away; false where it had sprung. */
  clear(): boolean {
    const was = this.#set !== undefined;
    this.#set = undefined;
    return was;
  }

  wrap(deps: ActivityDeps): ActivityDeps {
    const metadata = this.#port('metadata', deps.metadata);
    return {
      ...deps,
      metadata,
      artifacts: this.#port('artifacts', deps.artifacts),
      vectors: this.#port('vectors', deps.vectors),
      graph: this.#port('graph', deps.graph),
    };
  }

  #port<T extends object>(name: string, port: T): T {
    const parts = new Map<string | symbol, object>();
    return new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value === 'object' && value !== null) {
          if (!parts.has(key)) parts.set(key, this.#port(`${name}.${String(key)}`, value));
          return parts.get(key);
        }
        if (typeof value !== 'function') return value;
        const method = value as (...given: unknown[]) => unknown;
        return (...args: unknown[]) => this.#call(`${name}.${String(key)}`, () => method.apply(target, args));
      },
    });
  }

  #call(call: string, work: () => unknown): unknown {
    const set = this.#set;
    if (set?.call !== call) return work();
    this.#set = undefined;
    const sprung = () => {
      const effect = this.#spring();
      if (set.then === 'die') throw new Error('this worker is dead');
      return effect;
    };
    if (set.when === 'before') {
      // What is synchronous cannot wait for what was asked for.
      void sprung();
      return work();
    }
    const result = work();
    if (result instanceof Promise) return result.then(async (value: unknown) => (await sprung(), value));
    void sprung();
    return result;
  }
}
