import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HybridFlowError } from '../domain/errors';
import { readOrUndefined, writeWhole } from '../stack/services/paths';
import { packageRoot } from '../stack/toolchain/cache';
import { identify, isAlive, type ProcessIdentity } from '../stack/toolchain/process';
import { tail } from '../stack/toolchain/run';
import { WORKER_NODE_FLAGS } from '../worker/node-flags';
import { sourceFingerprint } from '../worker/workflow-code';
import type { Context } from './context';
import { currentPollers, type Pollers } from './pollers';
import type { Session } from './temporal';

const READY_MS = 60_000;
/** A worker gives its activities up to 30 s to end. */
const STOP_MS = 35_000;
const POLL_MS = 250;

/** A worker that runs on its own, started by the demonstration: `<root>/run/worker.json`, as for the services. */
export interface WorkerRecord {
  service: 'worker';
  how: 'local';
  process: ProcessIdentity;
  command: string;
  /** What it was started with; another base or store needs another worker. */
  serves: string;
}

export interface RunningWorker {
  pid: number;
  reused: boolean;
  logFile: string;
}

/**
 * Makes sure that a worker of this stack polls both queues: the one that runs, or a new one.
 *
 * @throws HybridFlowError SERVICE_START_FAILED with the end of its log
 */
export async function ensureWorker(context: Context, session: Session): Promise<RunningWorker> {
  const { stackRoot: root } = context;
  const logFile = logOf(root);
  const serves = servedBy(context);
  const running = readWorker(root);
  if (running && running.serves !== serves) await stopWorker(root, (line) => context.out.note(line));
  const reused = running?.serves === serves;
  const record = reused ? running : startWorker(context, serves, logFile);
  await untilPolling(session, record.process, logFile);
  return { pid: record.process.pid, reused, logFile };
}

/** Stops the worker that was started here; asks, waits, insists. */
export async function stopWorker(root: string, note: (line: string) => void): Promise<'stopped' | 'not running'> {
  const record = readWorker(root);
  if (!record) return 'not running';
  const { process: worker } = record;
  note(`worker    stopping (pid ${worker.pid})`);
  signal(worker, 'SIGTERM');
  if (!(await ended(worker, STOP_MS))) {
    signal(worker, 'SIGKILL');
    await ended(worker, 5_000);
  }
  rmSync(recordOf(root), { force: true });
  return 'stopped';
}

/** The worker of this root, where it is alive: exactly that process, not a later one with its pid. */
export function readWorker(root: string): WorkerRecord | undefined {
  const text = readOrUndefined(recordOf(root));
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as WorkerRecord;
    return isAlive(record.process) ? record : undefined;
  } catch {
    return undefined;
  }
}

function startWorker(context: Context, serves: string, logFile: string): WorkerRecord {
  const { stackRoot: root } = context;
  const args = [...WORKER_NODE_FLAGS, join(packageRoot(), 'bin', 'hfv.mjs'), 'worker', '--stack', root];
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    // Detached: it outlives the demonstration, and a Ctrl-C there does not reach it.
    const child = spawn(process.execPath, args, { env: context.env, detached: true, stdio: ['ignore', log, log] });
    child.on('error', () => undefined);
    child.unref();
    const pid = child.pid ?? -1;
    const started = identify(pid) ?? { pid, started: 'never' };
    const command = [process.execPath, ...args].join(' ');
    const record: WorkerRecord = { service: 'worker', how: 'local', process: started, command, serves };
    writeWhole(recordOf(root), `${JSON.stringify(record, null, 2)}\n`, 0o600);
    return record;
  } finally {
    closeSync(log);
  }
}

async function untilPolling(session: Session, worker: ProcessIdentity, logFile: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (!isAlive(worker)) throw notStarted('ended at once', worker, logFile);
    if (polls(await currentPollers(session), worker.pid)) return;
    await pause(POLL_MS);
  }
  throw notStarted(`does not poll after ${READY_MS / 1_000} s`, worker, logFile);
}

/** A worker names itself `pid@host`. */
function polls({ workflows, files }: Pollers, pid: number): boolean {
  const isIt = ({ identity }: { identity: string }) => identity.startsWith(`${pid}@`);
  return workflows.some(isIt) && files.some(isIt);
}

function notStarted(what: string, { pid }: ProcessIdentity, logFile: string): HybridFlowError {
  const log = readOrUndefined(logFile) ?? '';
  return new HybridFlowError('SERVICE_START_FAILED', {
    found: `The worker (pid ${pid}) ${what}:\n${tail(log, 8)}`,
    expected: 'a worker that polls both task queues',
    next: `read ${logFile}`,
  });
}

/** The rooms whose code a worker runs: one that was started before they changed is replaced. */
const WORKER_CODE = ['domain', 'workflows', 'activities', 'stores', 'config', 'worker'];

/** Everything that ties a worker to its stores; passwords are left out, since a new one comes with a new address. */
function servedBy(context: Context): string {
  const { base, metadataDb, backups, qdrant, neo4j, temporal, migration } = context.settings();
  const stores = [qdrant.url, qdrant.collection, neo4j.uri, neo4j.database];
  return JSON.stringify([base, metadataDb, backups, ...stores, temporal, migration, sourceFingerprint(WORKER_CODE)]);
}

function signal({ pid, started }: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive({ pid, started })) return;
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

async function ended(worker: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(worker) && Date.now() < deadline) await pause(100);
  return !isAlive(worker);
}

function recordOf(root: string): string {
  return join(root, 'run', 'worker.json');
}

function logOf(root: string): string {
  return join(root, 'logs', 'worker.log');
}
