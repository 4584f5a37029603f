import { Context } from '@temporalio/activity';
import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';

/** One port method that goes wrong: `before` its effect, or `after` it (the answer is lost, the effect stays). */
export interface Fault {
  /** For example `graph.labelBatch` or `metadata.registry.commit`. */
  call: string;
  when: 'before' | 'after';
  /** How many calls go wrong; Infinity for ever. */
  times: number;
  /** Counts the calls of each activity apart, so that a step fails for good and its undo finds the port mended. */
  perActivity?: boolean;
  /** Calls that still go well first. */
  skip?: number;
  error?: () => Error;
}

export interface Faults {
  deps: ActivityDeps;
  /** Port methods in the order in which they were called. */
  calls: string[];
}

const outage = () => new HybridFlowError('NEO4J_UNREACHABLE', { found: 'injected outage' });

/** Wraps all ports so that every call is recorded and the planned ones go wrong. */
export function withFaults(deps: ActivityDeps, faults: Fault[] = []): Faults {
  const calls: string[] = [];
  const left = new Map<string, { skip: number; times: number }>();
  const strikes = (call: string, when: Fault['when']) => {
    for (const [nth, fault] of faults.entries()) {
      if (fault.call !== call || fault.when !== when) continue;
      const key = `${nth} ${fault.perActivity ? Context.current().info.activityId : ''}`;
      const count = left.get(key) ?? { skip: fault.skip ?? 0, times: fault.times };
      left.set(key, count);
      if (count.skip-- > 0) continue;
      if (count.times-- > 0) throw (fault.error ?? outage)();
    }
  };
  const wrapMethod =
    (call: string, target: object, method: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      calls.push(call);
      strikes(call, 'before');
      const result = method.apply(target, args);
      if (result instanceof Promise) return result.then((value: unknown) => (strikes(call, 'after'), value));
      strikes(call, 'after');
      return result;
    };
  const wrapPort = <T extends object>(name: string, port: T): T =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        const path = `${name}.${String(key)}`;
        if (typeof value === 'function') return wrapMethod(path, target, value as (...args: unknown[]) => unknown);
        return typeof value === 'object' && value !== null ? wrapPort(path, value) : value;
      },
    });
  const { metadata, artifacts, vectors, graph, runs } = deps;
  return {
    calls,
    deps: {
      ...deps,
      metadata: wrapPort('metadata', metadata),
      artifacts: wrapPort('artifacts', artifacts),
      vectors: wrapPort('vectors', vectors),
      graph: wrapPort('graph', graph),
      runs: wrapPort('runs', runs),
    },
  };
}
