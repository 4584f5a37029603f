import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HybridFlowError } from '../../domain/errors';
import { commandOf, environmentOf, identify, isAlive, type ProcessIdentity } from '../toolchain/process';
import { tail } from '../toolchain/run';
import { paths } from './paths';
import { holderOf, isHeldBy, portInUse, type Holder } from './ports';
import { removeRecord, writeRecord } from './records';
import type { Launch, Service, StackContext, StartRecord } from './types';

/** Marks our processes in their own environment, so that one is known as ours even if no record was written. */
const MARK = 'HFV_STACK_ROOT';
const POLL_MS = 100;

/** Starts the service as a process that outlives us, and waits until it answers. */
export async function startLocal(context: StackContext, service: Service): Promise<StartRecord> {
  const adopted = await adoptOrRefuse(context, service);
  if (adopted) return waitUntilReady(context, service, adopted);
  context.progress({ service: service.name, phase: 'install', message: `preparing ${service.name}` });
  const launch = await service.prepare(context);
  context.progress({ service: service.name, phase: 'start', message: `starting ${service.name}` });
  const record: StartRecord = {
    service: service.name,
    how: 'local',
    address: service.localAddress(context.ports),
    version: '',
    process: launchDetached(context, service, launch),
    command: [launch.command, ...launch.args].join(' '),
    note: launch.note,
  };
  writeRecord(context.root, record);
  return waitUntilReady(context, service, record);
}

/** Polls until the service answers on its port as ours; fails at once when its process ends. */
export async function waitUntilReady(
  context: StackContext,
  service: Service,
  record: StartRecord,
): Promise<StartRecord> {
  const started = record.process;
  if (started === undefined) throw new Error(`The record of ${service.name} names no process`);
  const deadline = Date.now() + service.startMs;
  let last = 'it does not listen yet';
  while (Date.now() < deadline) {
    if (!isAlive(started)) throw await endedEarly(context, service);
    try {
      if (await isListening(context, service, started.pid)) {
        const ready = { ...record, version: await service.ask(context, record.address, 'local') };
        writeRecord(context.root, ready);
        return ready;
      }
    } catch (error) {
      if (error instanceof HybridFlowError && !error.retryable) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    await pause(POLL_MS);
  }
  throw new HybridFlowError('SERVICE_START_FAILED', {
    found: `${service.name} (pid ${started.pid}) did not answer within ${service.startMs / 1000} s: ${last}\n${logTail(context, service)}`,
    next: `read ${paths.log(context.root, service.name)}; hfv down stops it`,
  });
}

/** Stops a process that we started: asks, waits, insists. True where it ended by itself. */
export async function stopLocal(context: StackContext, service: Service, record: StartRecord): Promise<boolean> {
  const started = record.process;
  let clean = true;
  if (started && isAlive(started)) {
    context.progress({
      service: service.name,
      phase: 'stop',
      message: `stopping ${service.name} (pid ${started.pid})`,
    });
    signalGroup(started, 'SIGTERM');
    clean = await ended(started, service.stopMs);
    if (!clean) {
      signalGroup(started, 'SIGKILL');
      await ended(started, 10_000);
    }
  }
  removeRecord(context.root, service.name);
  return clean;
}

/** A port may be held by our own process whose record was lost in a crash; anything else there is refused. */
async function adoptOrRefuse(context: StackContext, service: Service): Promise<StartRecord | undefined> {
  let adopted: StartRecord | undefined;
  for (const use of service.portsOf(context.ports)) {
    const holder = await settledHolder(use.port);
    if (holder === undefined) continue;
    const own = holder.pid !== undefined && environmentOf(holder.pid, MARK) === markOf(context, service);
    const identity = own && holder.pid !== undefined ? identify(holder.pid) : undefined;
    if (identity === undefined) throw portInUse(service.name, use, holder);
    const address = service.localAddress(context.ports);
    const command = commandOf(identity.pid);
    adopted = { service: service.name, how: 'local', address, version: '', process: identity, command };
  }
  if (adopted) writeRecord(context.root, adopted);
  return adopted;
}

/** For a moment after its end, a killed process's port is held by nobody who can be named. */
async function settledHolder(port: number): Promise<Holder | undefined> {
  const deadline = Date.now() + 2_000;
  for (;;) {
    const holder = await holderOf(port);
    if (holder === undefined || holder.pid !== undefined || Date.now() > deadline) return holder;
    await pause(POLL_MS);
  }
}

function launchDetached(context: StackContext, service: Service, { command, args, env }: Launch): ProcessIdentity {
  const logFile = paths.log(context.root, service.name);
  mkdirSync(dirname(logFile), { recursive: true });
  mkdirSync(paths.data(context.root, service.name), { recursive: true });
  const log = openSync(logFile, 'a');
  writeFileSync(log, `\n--- ${new Date().toISOString()} starting ${service.name}\n`);
  try {
    const child = spawn(command, args, {
      cwd: paths.data(context.root, service.name),
      env: { ...env, [MARK]: markOf(context, service) },
      detached: true,
      stdio: ['ignore', log, log],
    });
    // Without a listener a command that cannot be run would end this process; the poll sees that nothing lives.
    child.on('error', (error) => writeFileSync(logFile, `${error.message}\n`, { flag: 'a' }));
    child.unref();
    const pid = child.pid ?? -1;
    return identify(pid) ?? { pid, started: 'never' };
  } finally {
    closeSync(log);
  }
}

function markOf(context: StackContext, service: Service): string {
  return `${service.name}:${context.root}`;
}

async function isListening(context: StackContext, service: Service, pid: number): Promise<boolean> {
  for (const use of service.portsOf(context.ports)) {
    const holder = await holderOf(use.port);
    if (holder === undefined) return false;
    // Who holds it cannot always be told; then the live process that we started is taken at its word.
    if (holder.pid !== undefined && !isHeldBy(holder, pid)) throw portInUse(service.name, use, holder);
  }
  return true;
}

async function endedEarly(context: StackContext, service: Service): Promise<HybridFlowError> {
  removeRecord(context.root, service.name);
  for (const use of service.portsOf(context.ports)) {
    const holder = await holderOf(use.port);
    if (holder) return portInUse(service.name, use, holder);
  }
  return new HybridFlowError('SERVICE_START_FAILED', {
    found: `${service.name} ended while starting. The end of its log:\n${logTail(context, service)}`,
    next: `read ${paths.log(context.root, service.name)}`,
  });
}

function logTail(context: StackContext, service: Service): string {
  return tail(readFileSync(paths.log(context.root, service.name), 'utf8'));
}

function signalGroup({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: it ended in this very moment, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function ended(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await pause(50);
  }
  return true;
}

/** Removes everything a service keeps under the root. Only when it is stopped. */
export function removeData(context: StackContext, service: Service): void {
  rmSync(paths.data(context.root, service.name), { recursive: true, force: true });
}
