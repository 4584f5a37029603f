import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { Settings } from '../../config/schema';
import { closeDeps, openDeps } from '../../worker/deps';
import { createWorkers } from '../../worker/create';
import { ensureSearchAttributes } from '../../worker/search-attributes';
import type { ActivityDeps } from '../../activities';
import { useStack, type TestStack } from './stack';
import { workflowBundle } from './workflow-env';

/** The stack's own Temporal, as a client and as a worker reach it. */
export interface Live {
  stack: TestStack;
  client: Client;
  nativeConnection: NativeConnection;
  namespace: string;
  /** Real stores, as a worker opens them; closed with this. */
  open(settings: Settings): ActivityDeps;
  /** Workers for both queues, on the stores of these settings. */
  work(settings: Settings, taskQueue: string): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
}

let queues = 0;

/** A task queue that nobody else polls. */
export function ownQueue(): string {
  return `live-${process.pid}-${Date.now()}-${++queues}`;
}

export async function connectLive(): Promise<Live> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const stack = await useStack();
  const { address = '', namespace = 'default' } = stack.settings.temporal;
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  await ensureSearchAttributes(nativeConnection, namespace);
  const client = new Client({ connection, namespace });
  const opened: ActivityDeps[] = [];
  const stops: (() => Promise<void>)[] = [];
  const open = (settings: Settings) => {
    const deps = openDeps(settings, client);
    opened.push(deps);
    return deps;
  };
  const work = async (settings: Settings, taskQueue: string) => {
    const bundle = await workflowBundle();
    const workers = await createWorkers({
      connection: nativeConnection,
      namespace,
      deps: open(settings),
      taskQueue,
      bundle,
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    let stopped: Promise<void> | undefined;
    const stop = () =>
      (stopped ??= (async () => {
        workers.forEach((worker) => worker.shutdown());
        await running;
      })());
    stops.push(stop);
    return { stop };
  };
  const close = async () => {
    await Promise.all(stops.map((stop) => stop()));
    await Promise.all(opened.map(closeDeps));
    await nativeConnection.close();
    await connection.close();
  };
  return { stack, client, nativeConnection, namespace, open, work, close };
}
