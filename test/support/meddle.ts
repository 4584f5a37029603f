import type { ActivityDeps } from '../../activities';

/** Somebody else's hand: does something real to the stores right before a port method is called for the nth time. */
export interface Meddling {
  /** For example `graph.labelBatch`; a method that answers a promise. */
  before: string;
  /** 1 for the first call. */
  nth?: number;
  /** Another port method: calls are counted from its first call on. */
  after?: string;
  effect: () => Promise<unknown>;
}

/** The same ports, with somebody meddling. Each meddling happens once. */
export function withMeddling(deps: ActivityDeps, meddlings: readonly Meddling[]): ActivityDeps {
  const counts = new Map<Meddling, number>();
  const called = new Set<string>();
  const done = new Set<Meddling>();
  const wrap = <T extends object>(name: string, port: T): T =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        const call = `${name}.${String(key)}`;
        return (...args: unknown[]) => {
          const counted = meddlings.filter((m) => m.before === call && (!m.after || called.has(m.after)));
          for (const m of counted) counts.set(m, (counts.get(m) ?? 0) + 1);
          called.add(call);
          const due = counted.find((m) => (m.nth ?? 1) <= (counts.get(m) ?? 0) && !done.has(m));
          const method = value as (...given: unknown[]) => unknown;
          if (!due) return method.apply(target, args);
          done.add(due);
          return due.effect().then(() => method.apply(target, args));
        };
      },
    });
  return {
    ...deps,
    artifacts: wrap('artifacts', deps.artifacts),
    vectors: wrap('vectors', deps.vectors),
    graph: wrap('graph', deps.graph),
  };
}
