import { maskUrl } from '../domain/masking';
import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { readEnvFile, writeEnvFile } from './env-file';
import { servicesNamed } from './services';
import { configuredAddress, useConfigured } from './services/configured';
import { hasLocalData, isDockerUsable, removeFromDocker, startInDocker, stopInDocker } from './services/docker';
import { removeData, startLocal, stopLocal, waitUntilReady } from './services/local';
import { paths } from './services/paths';
import { resolvePorts } from './services/ports';
import { currentRecord, readRecord } from './services/records';
import { fromRecord, statusOf } from './services/status';
import type {
  Environment,
  ProgressEvent,
  Service,
  ServiceName,
  ServiceStatus,
  StackContext,
  StackPorts,
  StartRecord,
} from './services/types';
import { withLock } from './toolchain/lock';

export type { ProgressEvent, ServiceName, ServiceStatus, StackPorts } from './services/types';

export interface StackOptions {
  /** The folder that holds everything of this stack, e.g. `<checkout>/.stack`. */
  root: string;
  /** Win over HFV_PORT_*; the services' usual ports otherwise. */
  ports?: Partial<StackPorts>;
  /** One line per thing worth telling. */
  log?: (line: string) => void;
  onProgress?: (event: ProgressEvent) => void;
  /** A part of the stack; all of it where left out. */
  services?: ServiceName[];
  /** Defaults to `process.env`. */
  env?: Environment;
}

export interface StackStatus {
  root: string;
  services: ServiceStatus[];
  env: Record<string, string>;
  envFile: string;
}

/**
 * Finds what is running, starts what is missing, waits until all of it is fit for use, and writes the env file.
 * Any number of times, also at the same time. Where one service fails, the others are left as they are.
 *
 * @throws HybridFlowError PORT_IN_USE, TOOL_MISSING, SERVICE_START_FAILED, or *_UNREACHABLE for a configured address
 */
export async function up(options: StackOptions): Promise<StackStatus> {
  return locked(options, async (context, services) => {
    const present = new Set(services.map(({ name }) => name).filter((name) => currentRecord(context.root, name)));
    const inDocker = await startNewInDocker(context, services);
    const outcomes = await Promise.allSettled(
      services.map((service) => bringUp(context, service, inDocker.get(service.name), present.has(service.name))),
    );
    const statuses = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const env = writeEnvironment(context, services, statuses);
    for (const line of statuses.map(describe)) options.log?.(line);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return { root: context.root, services: statuses, env, envFile: paths.env(context.root) };
  });
}

/** Stops exactly what this root started. Data, logs and the env file stay. */
export async function down(options: StackOptions): Promise<StackStatus> {
  await locked(options, async (context, services) => {
    const stopped = await stopAll(context, services);
    options.log?.(stopped.length > 0 ? `stopped: ${stopped.join(', ')}` : 'nothing of this stack was running');
  });
  return status(options);
}

/** What runs, without starting anything. */
export async function status(options: StackOptions): Promise<StackStatus> {
  const context = contextOf(options);
  const services = await Promise.all(servicesNamed(options.services).map((service) => statusOf(context, service)));
  return { root: context.root, services, env: readEnvFile(context.root), envFile: paths.env(context.root) };
}

/** Stops everything of this root and deletes its data, so that the next start begins empty. Logs stay. */
export async function reset(options: StackOptions): Promise<StackStatus> {
  await locked(options, async (context, services) => {
    const docker = services.some(({ name }) => readRecord(context.root, name)?.how === 'docker');
    await stopAll(context, services);
    if (docker && options.services === undefined) await removeFromDocker(context);
    for (const service of services) removeData(context, service);
    if (services.some(({ name }) => name === 'neo4j')) rmSync(paths.neo4jPassword(context.root), { force: true });
    if (options.services !== undefined) return;
    for (const name of ['data', 'backups', 'env']) rmSync(join(context.root, name), { recursive: true, force: true });
  });
  return status(options);
}

async function locked<T>(
  options: StackOptions,
  work: (context: StackContext, services: Service[]) => Promise<T>,
): Promise<T> {
  const context = contextOf(options);
  mkdirSync(context.root, { recursive: true });
  const onWait = (pid: number) => options.log?.(`waiting for another start or stop of this stack (pid ${pid})`);
  return withLock(paths.lock(context.root), () => work(context, servicesNamed(options.services)), { onWait });
}

function contextOf({ root, ports, onProgress = () => undefined, env = process.env }: StackOptions): StackContext {
  return { root: resolve(root), ports: resolvePorts(ports, env), env, progress: onProgress };
}

/** Services that are neither running, nor configured, nor at home in local data, go into containers where there is an engine. */
async function startNewInDocker(context: StackContext, services: Service[]): Promise<Map<ServiceName, StartRecord>> {
  const candidates = services.filter((service) => {
    const record = currentRecord(context.root, service.name);
    if (record !== undefined) return record.how === 'docker';
    return configuredAddress(context, service) === undefined && !hasLocalData(context.root, service.name);
  });
  if (candidates.length === 0 || !(await isDockerUsable(context))) return new Map();
  return startInDocker(context, candidates);
}

async function bringUp(
  context: StackContext,
  service: Service,
  contained: StartRecord | undefined,
  wasPresent: boolean,
): Promise<ServiceStatus> {
  if (contained) return ready(context, contained, !wasPresent);
  const record = currentRecord(context.root, service.name);
  if (record?.how === 'local') return ready(context, await waitUntilReady(context, service, record), false);
  const address = configuredAddress(context, service);
  if (address !== undefined) return useConfigured(context, service, address);
  return ready(context, await startLocal(context, service), true);
}

function ready(context: StackContext, record: StartRecord, startedNow: boolean): ServiceStatus {
  const message = `${record.service} ${record.version} is ready at ${record.address}`;
  context.progress({ service: record.service, phase: 'ready', message });
  return { ...fromRecord(context, record), startedNow };
}

async function stopAll(context: StackContext, services: Service[]): Promise<ServiceName[]> {
  const records = services.flatMap((service) => {
    const record = currentRecord(context.root, service.name);
    return record ? [{ service, record }] : [];
  });
  const contained = records.filter(({ record }) => record.how === 'docker');
  await Promise.all(
    records
      .filter(({ record }) => record.how === 'local')
      .map(async ({ service, record }) => {
        if (await stopLocal(context, service, record)) service.afterCleanStop?.(context);
      }),
  );
  await stopInDocker(
    context,
    contained.map(({ record }) => record.service),
  );
  return records.map(({ record }) => record.service);
}

function writeEnvironment(
  context: StackContext,
  services: Service[],
  statuses: ServiceStatus[],
): Record<string, string> {
  const env: Record<string, string> = {
    HYBRIDFLOW_METADATA_DB: join(context.root, 'data', 'metadata.db'),
    HYBRIDFLOW_BACKUPS: join(context.root, 'backups'),
    HYBRIDFLOW_LOGS: localLogs(context).join(delimiter),
  };
  for (const { name, address, how } of statuses) {
    const service = services.find((each) => each.name === name);
    Object.assign(env, service?.environment(context, address, how));
  }
  return writeEnvFile(
    context.root,
    env,
    statuses.map(({ name }) => `${name.toUpperCase()}_`),
  );
}

/** Where the services that this root runs as processes write, whichever of them this start was asked for. */
function localLogs({ root }: StackContext): string[] {
  const local = servicesNamed(undefined).filter(({ name }) => currentRecord(root, name)?.how === 'local');
  return local.map(({ name }) => paths.log(root, name));
}

function describe({ name, version, address, how, startedNow, note }: ServiceStatus): string {
  const state = startedNow ? 'started' : 'running';
  return `${name} ${version} (${how}, ${state}) at ${maskUrl(address)}${note ? `; ${note}` : ''}`;
}
