import type { ActivityDeps } from '../../activities';

/** Somebody else's hand: does something real to the stores right before a port method is called for the nth time. */
export interface Meddling {
  /** For example `graph.labelBatch`; a method that answers a promise. */
  before: string;
  /** 1 for the first call. */
  nth?: number;
  effect: () => Promise<unknown>;
}

/** The same ports, with somebody meddling. Each meddling happens once. */
export function withMeddling(deps: ActivityDeps, meddlings: readonly Meddling[]): ActivityDeps {
  const counts = new Map<string, number>();
  const done = new Set<Meddling>();
  const wrap = <T extends object>(name: string, port: T): T =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        const call = `${name}.${String(key)}`;
        return (...args: unknown[]) => {
          const nth = (counts.get(call) ?? 0) + 1;
          counts.set(call, nth);
          const due = meddlings.find((m) => m.before === call && (m.nth ?? 1) <= nth && !done.has(m));
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
