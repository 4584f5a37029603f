import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { loadSettings, neo4jPassword } from '../../config/load';
import type { Settings } from '../../config/schema';
import type { ServiceName, StackPorts } from '../../stack/services/types';
import { status, up } from '../../stack/stack';
import { identify, isAlive } from '../../stack/toolchain/process';
import { until } from './until';

/** The tests' own services: their own folder and ports, next to whatever else runs on this machine. */
export const TEST_ROOT = process.env.HFV_TEST_ROOT ?? join(__dirname, '..', '..', '.stack-test');

export interface TestStack {
  root: string;
  envFile: string;
  settings: Settings;
  neo4jPassword: string;
}

let started: Promise<TestStack> | undefined;

/** The running test stack; started where it is not. Its stores are shared: a test leaves them empty. */
export function useStack(): Promise<TestStack> {
  return (started ??= startStack());
}

/** Starts again what a test has ended. */
export function useStackAgain(): Promise<TestStack> {
  return (started = startStack());
}

/** SIGKILL: no flush, no goodbye. */
export async function killServices(names: ServiceName[]): Promise<void> {
  const { services } = await status({ root: TEST_ROOT, services: names });
  for (const { name, pid } of services) {
    const server = identify(pid ?? 0);
    if (!server) throw new Error(`${name} of the test stack does not run`);
    process.kill(server.pid, 'SIGKILL');
    await until(
      `the end of ${name}`,
      () => isAlive(server),
      (alive) => !alive,
    );
  }
}

export async function startStack(root = TEST_ROOT): Promise<TestStack> {
  const ports = await testPorts(root);
  // Tests never reach for a configured service: they write and delete.
  const { HOME, PATH, ...rest } = process.env;
  const kept = Object.entries(rest).filter(([name]) => !/^(QDRANT_|NEO4J_|TEMPORAL_|HYBRIDFLOW_)/.test(name));
  const env = { ...Object.fromEntries(kept), HOME, PATH };
  const { envFile } = await up({ root, ports, env });
  const settings = loadSettings({ env: { ...env, HYBRIDFLOW_STACK_ENV: envFile } });
  return { root, envFile, settings, neo4jPassword: neo4jPassword(settings) };
}

/** Free ports, chosen once per checkout and kept, so that every process of a test run finds the same services. */
async function testPorts(root: string): Promise<StackPorts> {
  const file = join(root, 'ports.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as StackPorts;
  const [temporal, temporalUi, qdrant, neo4jBolt] = await freePorts(4);
  const ports = { temporal, temporalUi, qdrant, neo4jBolt } as StackPorts;
  mkdirSync(root, { recursive: true });
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

/** Ports that nothing listens on, all different: they are held open until the last one is found. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
