import { Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { ActivityDeps } from '../../activities';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { createWorkers } from '../../worker/create';
import { ensureSearchAttributes } from '../../worker/search-attributes';
import { pythonTools } from './tools';

const KEYWORD = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The workflows, bundled once per process. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  return (bundle ??= bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    logger: new DefaultLogger('ERROR'),
  }));
}

/** A private Temporal server for one test file: the real one, in memory. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const tools = await pythonTools();
  const env = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: tools.temporal }, log: { format: 'pretty', level: 'error' } },
  });
  await ensureSearchAttributes(env.nativeConnection, env.namespace ?? 'default');
  return env;
}

/** As {@link startTemporal}, with a clock that leaps over what only timers wait for. */
export async function startSkippingTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { temporalTestServer } = await pythonTools();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: temporalTestServer } },
  });
  // This server can be told of them, and not be asked which there are.
  const names = Object.values(SEARCH_ATTRIBUTES);
  await env.nativeConnection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
  });
  return env;
}

export interface SharedWorkers {
  taskQueue: string;
  /** Which world the activities of a workflow work on. To be said before the workflow starts. */
  assign(workflowId: string, deps: ActivityDeps): void;
  stop(): Promise<void>;
}

let queues = 0;

/** Workers for both queues, shared by many runs: each run's activities reach the stores assigned to its workflow id. */
export async function startWorkers(
  env: Pick<TestWorkflowEnvironment, 'nativeConnection' | 'namespace'>,
  common: ActivityDeps,
  taskQueue = `test-${process.pid}-${++queues}`,
): Promise<SharedWorkers> {
  const worlds = new Map<string, ActivityDeps>();
  const workers = await createWorkers({
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    deps: routed(common, () => {
      const id = Context.current().info.workflowExecution?.workflowId ?? '';
      const deps = worlds.get(id);
      if (!deps) throw new Error(`no stores assigned to ${id}`);
      return deps;
    }),
    taskQueue,
    bundle: await workflowBundle(),
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    taskQueue,
    assign: (workflowId, deps) => worlds.set(workflowId, deps),
    async stop() {
      workers.forEach((worker) => worker.shutdown());
      await running;
    },
  };
}

/** Some methods are optional; where no workflow calls, nobody can say. */
function isLacking(key: string | symbol, target: () => object): boolean {
  try {
    return Reflect.get(target(), key) === undefined;
  } catch {
    return false;
  }
}

/** Ports whose methods look up the stores of the calling workflow at each call. */
function routed(common: ActivityDeps, current: () => ActivityDeps): ActivityDeps {
  const port = <T extends object>(pick: (deps: ActivityDeps) => T): T =>
    new Proxy({} as T, {
      get: (_, key) => {
        if (key === 'registry') return port((deps) => deps.metadata.registry);
        if (key === 'fence') return port((deps) => deps.metadata.fence);
        if (key === 'journal') return port((deps) => deps.metadata.journal);
        if (key === 'pins') return port((deps) => deps.metadata.pins);
        if (isLacking(key, () => pick(current()))) return undefined;
        return (...args: unknown[]) => {
          const target = pick(current());
          return (Reflect.get(target, key) as (...a: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  /** Settings are read when they are used, and may be copied: then they are those of the calling workflow. */
  const settings = <T extends object>(pick: (deps: ActivityDeps) => T, shape: T): T =>
    new Proxy(shape, { get: (_, key) => Reflect.get(pick(current()), key) as unknown });
  return {
    ...common,
    metadata: port((deps) => deps.metadata),
    artifacts: port((deps) => deps.artifacts),
    vectors: port((deps) => deps.vectors),
    graph: port((deps) => deps.graph),
    runs: port((deps) => deps.runs),
    probes: settings((deps) => deps.probes, common.probes),
  };
}

export interface FailureFacts {
  code: string | null | undefined;
  message: string;
  details: unknown[];
}

/** The typed failure that a workflow ended with. Throws where it did not fail. */
export async function failureOf(result: Promise<unknown>): Promise<FailureFacts> {
  try {
    await result;
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) {
      const { type, message, details } = error.cause;
      return { code: type, message, details: details ?? [] };
    }
    throw error;
  }
  throw new Error('the workflow did not fail');
}
