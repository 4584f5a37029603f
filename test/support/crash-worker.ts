import { readFileSync } from 'node:fs';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { ActivityDeps } from '../../activities';
import type { Settings } from '../../config/schema';
import { HybridFlowError } from '../../domain/errors';
import { closeDeps, openDeps } from '../../worker/deps';
import { createWorkers, type Role } from '../../worker/create';
import { withTraps, type Traps } from './crash-traps';

/** What a test tells this worker. */
export interface CrashWorkerPlan {
  settings: Settings;
  taskQueue: string;
  /** Path of the workflow bundle, made once by the test. */
  bundle: string;
  /** Once this worker has labelled so many, its next batch is held before it reaches the store, until SIGUSR2. */
  holdAfter?: number;
  /** Where it is to die or to freeze. */
  traps?: Traps;
  /** From how many nodes and relationships on each chapter of a switch has a transaction of its own. */
  mostInOne?: number;
  /** `activities`: those of both queues, and no workflows. */
  role?: Role | 'activities';
}

/**
 * A worker in a process of its own, to be killed or frozen by a test: `crash-worker.ts <file with the plan>`. It says on
 * stdout where it is: `ready`, `held`, `draining`, and what became of the batch that it held. SIGTERM drains it.
 */
async function main(file: string): Promise<void> {
  const { settings, taskQueue, bundle, holdAfter, traps, mostInOne, role } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as CrashWorkerPlan;
  const { address = '', namespace = 'default' } = settings.temporal;
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address });
  const opened = openDeps(settings, new Client({ connection, namespace }), { mostInOne });
  const deps = traps ? withTraps(opened, traps) : opened;
  if (holdAfter !== undefined) deps.graph = holding(deps.graph, holdAfter);
  const workers = await createWorkers({
    connection,
    namespace,
    deps,
    taskQueue,
    role: role === 'activities' ? 'all' : role,
    bundle: role === 'activities' ? undefined : { codePath: bundle },
  });
  process.on('SIGTERM', () => {
    workers.forEach((worker) => worker.shutdown());
    say('draining');
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  say('ready');
  await running;
  await closeDeps(deps);
  await connection.close();
}

function holding(graph: ActivityDeps['graph'], after: number): ActivityDeps['graph'] {
  let labelled = 0;
  let held = false;
  const labelBatch: typeof graph.labelBatch = async (batch) => {
    if (held || labelled < after) {
      const result = await graph.labelBatch(batch);
      if (result.state === 'done') labelled += result.labelled;
      return result;
    }
    held = true;
    const letGo = new Promise((resolve) => process.once('SIGUSR2', resolve));
    say('held');
    await letGo;
    try {
      const result = await graph.labelBatch(batch);
      say(`the held batch ended: ${result.state}`);
      return result;
    } catch (error) {
      say(`the held batch failed: ${error instanceof HybridFlowError ? error.code : String(error)}`);
      throw error;
    }
  };
  return { ...graph, labelBatch };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
