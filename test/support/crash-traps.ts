import { openSync, closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';

/** A place where a worker ends: right before a port method does its work, or right after, before anybody has its answer. */
export interface Trap {
  when: 'before' | 'after';
  /** For example `metadata.journal.commitPromote`. */
  call: string;
  /** What is held goes on where it stood once its worker gets SIGUSR2; that is for `before`. */
  then: 'die' | 'hold';
}

export interface Traps {
  traps: readonly Trap[];
  /** Each trap springs once, whichever worker comes to it first: that is kept here. */
  folder: string;
}

export const nameOf = ({ when, call }: Trap) => `${when} ${call}`;

/** The same ports, with traps in them. */
export function withTraps(deps: ActivityDeps, { traps, folder }: Traps): ActivityDeps {
  const due = (when: Trap['when'], call: string) =>
    traps.find((trap) => trap.when === when && trap.call === call && isFirst(join(folder, nameOf(trap))));
  const called = (call: string, work: () => unknown): unknown => {
    const before = due('before', call);
    if (before) return spring(before).then(() => told(call, work));
    const result = work();
    const settle = (value: unknown) => {
      const after = due('after', call);
      if (after) void spring(after);
      return value;
    };
    return result instanceof Promise ? result.then(settle) : settle(result);
  };
  const wrap = <T extends object>(path: string, port: T): T =>
    new Proxy(port, {
      get(target, key) {
        // Not through the proxy: what a port keeps private it has itself only.
        const value: unknown = Reflect.get(target, key);
        const name = `${path}.${String(key)}`;
        if (typeof value === 'function') {
          return (...args: unknown[]) =>
            called(name, () => (value as (...a: unknown[]) => unknown).apply(target, args));
        }
        return traps.some(({ call }) => call.startsWith(`${name}.`)) ? wrap(name, value as object) : value;
      },
    });
  return {
    ...deps,
    metadata: wrap('metadata', deps.metadata),
    artifacts: wrap('artifacts', deps.artifacts),
    vectors: wrap('vectors', deps.vectors),
    graph: wrap('graph', deps.graph),
  };
}

function isFirst(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function spring(trap: Trap): Promise<unknown> {
  const letGo = new Promise((resolve) => process.once('SIGUSR2', resolve));
  say(`trapped ${nameOf(trap)}`);
  if (trap.then === 'die') process.kill(process.pid, 'SIGKILL');
  return letGo;
}

/** What became of a call that was held. */
async function told(call: string, work: () => unknown): Promise<unknown> {
  try {
    const value = await work();
    say(`the held ${call} ended`);
    return value;
  } catch (error) {
    say(`the held ${call} failed: ${error instanceof HybridFlowError ? error.code : String(error)}`);
    throw error;
  }
}

/** Written when this returns: the next thing that a trapped process does is to stop. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
