import { openSync, closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import type { CallControl } from '../../stores/ports';
import { changes, isLastAttempt, Steps } from './crash-steps';

/**
 * A place where a worker ends: right before a port method does its work, or right after, before anybody has its answer;
 * or within it, once it has told of its first progress.
 */
export interface Trap {
  when: 'before' | 'within' | 'after';
  /** For example `metadata.journal.commitPromote`. */
  call: string;
  /** What is held goes on where it stood once its worker gets SIGUSR2; that is for `before`. */
  then: 'die' | 'hold';
}

export type Side = Exclude<Trap['when'], 'within'>;

export interface Traps {
  traps: readonly Trap[];
  /** Each trap springs once, whichever worker comes to it first: that is kept here. */
  folder: string;
  /** Every step that changes something is a trap, too; `never` only writes down which there are. */
  every?: Side | 'never';
}

/** Where a worker is killed. */
export type Death = readonly [Trap['when'], string];

export const dying = ([when, call]: Death): Trap => ({ when, call, then: 'die' });

export const nameOf = ({ when, call }: Trap) => `${when} ${call}`;

/** The same ports, with traps in them. */
export function withTraps(deps: ActivityDeps, traps: Traps): ActivityDeps {
  const called = calledWith(traps);
  const wrap = <T extends object>(path: string, port: T): T =>
    new Proxy(port, {
      get(target, key) {
        // Not through the proxy: what a port keeps private it has itself only.
        const value: unknown = Reflect.get(target, key);
        const name = `${path}.${String(key)}`;
        if (typeof value === 'function') {
          return (...args: unknown[]) =>
            called(name, args, (given) => (value as (...a: unknown[]) => unknown).apply(target, given));
        }
        return typeof value === 'object' && value !== null ? wrap(name, value) : value;
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

type Called = (call: string, args: unknown[], work: (given: unknown[]) => unknown) => unknown;

function calledWith({ traps, folder, every }: Traps): Called {
  const steps = new Steps(folder);
  const set = (when: Trap['when'], call: string) =>
    traps.find((trap) => trap.when === when && trap.call === call && isFirst(join(folder, nameOf(trap))));
  const due = (when: Side, call: string, args: readonly unknown[]) => {
    if (every !== undefined && changes(call) && (every === 'before') === (when === 'before')) {
      const step = steps.enter(call, args);
      if (step !== undefined && every === when && !isLastAttempt()) return { when, call: step, then: 'die' as const };
    }
    return set(when, call);
  };
  const within = (call: string, arg: unknown) => {
    if (!tellsProgress(arg)) return arg;
    const onProgress = (done: number) => {
      arg.onProgress?.(done);
      const trap = set('within', call);
      if (trap) void spring(trap);
    };
    return { ...arg, onProgress };
  };
  return (call, args, work) => {
    const before = due('before', call, args);
    if (before) return spring(before).then(() => told(call, () => work(args)));
    const result = work(args.map((arg) => within(call, arg)));
    const settle = (value: unknown) => {
      const after = due('after', call, args);
      if (after) void spring(after);
      return value;
    };
    return result instanceof Promise ? result.then(settle) : settle(result);
  };
}

function tellsProgress(arg: unknown): arg is CallControl {
  return typeof arg === 'object' && arg !== null && 'onProgress' in arg;
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
