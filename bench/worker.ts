import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from '../client/context';
import { currentPollers } from '../client/pollers';
import type { Session } from '../client/temporal';
import { packageRoot } from '../stack/toolchain/cache';
import { WORKER_NODE_FLAGS } from '../worker/node-flags';
import { BENCH_ROOT } from './stack';

const READY_MS = 90_000;
/** A worker gives its activities up to 30 s to end. */
const STOP_MS = 35_000;

export interface BenchWorker {
  pid: number;
  stop(): Promise<void>;
}

/** Starts a worker of its own process, from the sources or from `dist/`, and waits until it polls both queues. */
export async function startWorker(context: Context, session: Session, built: boolean): Promise<BenchWorker> {
  const program = built ? join(packageRoot(), 'dist', 'client', 'main.js') : join(packageRoot(), 'bin', 'hfv.mjs');
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);
  // One that an interrupted benchmark left would share the work, and its memory would go unseen.
  const [other] = (await currentPollers(session)).workflows;
  if (other) throw new Error(`Worker ${other.identity} polls here already: stop it first`);
  const child = launch(program, context.env);
  try {
    await untilPolling(session, child);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return { pid: child.pid ?? -1, stop: () => stop(child) };
}

function launch(program: string, env: NodeJS.ProcessEnv): ChildProcess {
  mkdirSync(join(BENCH_ROOT, 'logs'), { recursive: true });
  const log = openSync(join(BENCH_ROOT, 'logs', 'worker.log'), 'a');
  try {
    return spawn(process.execPath, [...WORKER_NODE_FLAGS, program, 'worker', '--stack', BENCH_ROOT], {
      env,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

async function untilPolling(session: Session, child: ChildProcess): Promise<void> {
  const isIt = ({ identity }: { identity: string }) => identity.startsWith(`${child.pid}@`);
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await pause(250)) {
    if (child.exitCode !== null) break;
    const { workflows, files } = await currentPollers(session);
    if (workflows.some(isIt) && files.some(isIt)) return;
  }
  throw new Error(`The worker did not come up: see ${join(BENCH_ROOT, 'logs', 'worker.log')}`);
}

async function stop(child: ChildProcess): Promise<void> {
  const running = () => child.exitCode === null && child.signalCode === null;
  for (const [signal, withinMs] of [['SIGTERM', STOP_MS] as const, ['SIGKILL', 5_000] as const]) {
    if (running()) child.kill(signal);
    for (const deadline = Date.now() + withinMs; running() && Date.now() < deadline;) await pause(100);
  }
}
