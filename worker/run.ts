import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Settings } from '../config/schema';
import { temporalTarget } from '../config/temporal';
import { HybridFlowError } from '../domain/errors';
import { closeDeps, openDeps } from './deps';
import { createWorkers, type Role } from './create';
import { ensureSearchAttributes } from './search-attributes';
import { workflowBundlePath } from './workflow-code';

export interface RunOptions {
  settings: Settings;
  role: Role;
  logger: Logger;
  /** Called once every queue is polled. */
  onReady?: () => void;
}

/**
 * Runs a worker until SIGINT or SIGTERM: activities in flight get time to reach their batch's end.
 *
 * @throws HybridFlowError TEMPORAL_UNREACHABLE where the server does not answer
 */
export async function runWorker({ settings, role, logger, onReady }: RunOptions): Promise<void> {
  const connection = await connect(settings);
  const { namespace } = temporalTarget(settings);
  try {
    await ensureSearchAttributes(connection, namespace);
    const bundle = role === 'files' ? undefined : { codePath: await workflowBundlePath() };
    const deps = openDeps(settings, new Client({ connection, namespace }));
    try {
      const workers = await createWorkers({ connection, namespace, deps, role, bundle });
      const stop = () => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown());
      process.on('SIGINT', stop).on('SIGTERM', stop);
      const running = workers.map((worker) => worker.run().finally(stop));
      logger.info(
        { role, base: settings.base, queues: workers.map(({ options }) => options.taskQueue) },
        'worker is ready',
      );
      onReady?.();
      // All of them, before the connection that they share is closed; then the first failure, if there was one.
      await Promise.allSettled(running);
      await Promise.all(running);
    } finally {
      await closeDeps(deps);
    }
  } finally {
    await connection.close();
  }
}

async function connect(settings: Settings): Promise<NativeConnection> {
  const { connectionOptions, address } = temporalTarget(settings);
  try {
    return await NativeConnection.connect(connectionOptions);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HybridFlowError(
      'TEMPORAL_UNREACHABLE',
      {
        found: `Temporal does not answer at ${address} (${why})`,
        next: 'start it (`hfv up`), or correct TEMPORAL_ADDRESS',
      },
      { cause },
    );
  }
}
