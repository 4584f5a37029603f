import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { packageRoot } from '../toolchain/cache';
import { run, tail } from '../toolchain/run';
import { paths, secretIn } from './paths';
import { PORT_VARIABLES } from './ports';
import { removeRecord, writeRecord } from './records';
import type { Service, ServiceName, StackContext, StartRecord } from './types';

/** True where a Docker engine with compose answers and HFV_STACK_DOCKER is not 0. */
export async function isDockerUsable({ env }: StackContext): Promise<boolean> {
  if (env.HFV_STACK_DOCKER === '0') return false;
  const engine = await run('docker', ['info', '--format', '{{.ServerVersion}}'], { env, timeoutMs: 5_000 });
  if (engine.code !== 0 || engine.stdout.trim() === '') return false;
  return (await run('docker', ['compose', 'version'], { env, timeoutMs: 5_000 })).code === 0;
}

/** A service that has data here stays a local process, whatever else is installed meanwhile. */
export function hasLocalData(root: string, service: ServiceName): boolean {
  return existsSync(paths.data(root, service));
}

/** Starts services in containers and waits until they are healthy. Idempotent, as compose is. */
export async function startInDocker(
  context: StackContext,
  services: Service[],
): Promise<Map<ServiceName, StartRecord>> {
  const project = projectOf(context.root);
  // Written first: whatever happens next, down knows that there may be containers.
  const records = services.map((service): StartRecord => {
    const address = service.localAddress(context.ports);
    return { service: service.name, how: 'docker', address, version: '', project };
  });
  for (const record of records) {
    writeRecord(context.root, record);
    context.progress({ service: record.service, phase: 'start', message: `docker compose up ${record.service}` });
  }
  await compose(context, ['up', '--detach', '--wait', ...services.map(({ name }) => name)]);
  const started = new Map<ServiceName, StartRecord>();
  for (const [index, record] of records.entries()) {
    const version = (await services[index]?.ask(context, record.address, 'docker')) ?? '';
    writeRecord(context.root, { ...record, version });
    started.set(record.service, { ...record, version });
  }
  return started;
}

/** Stops the containers of these services; their volumes stay. */
export async function stopInDocker(context: StackContext, services: ServiceName[]): Promise<void> {
  if (services.length === 0) return;
  await compose(context, ['rm', '--stop', '--force', ...services]);
  for (const service of services) removeRecord(context.root, service);
}

/** Removes the containers and the volumes of this root's project. */
export async function removeFromDocker(context: StackContext): Promise<void> {
  await compose(context, ['down', '--volumes']);
}

/** One project per root, so that two checkouts never share a container. */
export function projectOf(root: string): string {
  return `hybridflow-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
}

async function compose(context: StackContext, args: string[]): Promise<void> {
  const { root, ports, env } = context;
  const variables = Object.entries(PORT_VARIABLES).map(([name, variable]) => {
    return [variable, String(ports[name as keyof typeof ports])];
  });
  const NEO4J_PASSWORD = secretIn(paths.neo4jPassword(root));
  const file = join(packageRoot(), 'docker-compose.yml');
  const { code, output } = await run(
    'docker',
    ['compose', '--file', file, '--project-name', projectOf(root), ...args],
    {
      env: { ...env, ...(Object.fromEntries(variables) as Record<string, string>), NEO4J_PASSWORD },
    },
  );
  if (code === 0) return;
  throw new HybridFlowError('SERVICE_START_FAILED', {
    found: `docker compose ${args[0]} failed:\n${tail(output)}`,
    next: 'mend that, or set HFV_STACK_DOCKER=0 to run the services as local processes',
  });
}
