import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Context } from '../client/context';
import { packageRoot } from '../stack/toolchain/cache';
import { up, type StackPorts, type StackStatus } from '../stack/stack';

/** The benchmark's own services: their own folder and ports, next to whatever else runs on this machine. */
export const BENCH_ROOT = process.env.HFV_BENCH_ROOT ?? join(packageRoot(), '.stack-bench');

export interface BenchStack {
  context: Context;
  status: StackStatus;
}

/** Finds or starts the services. A store that the environment names is never reached for: this program deletes. */
export async function startBenchStack(json: boolean): Promise<BenchStack> {
  const env = benchEnvironment();
  const { stdout, stderr } = process;
  const context = new Context({ stdout, stderr, env, cwd: packageRoot() }, { json, stack: BENCH_ROOT }, true);
  const log = (line: string) => context.out.note(line);
  const status = await up({ root: BENCH_ROOT, ports: await benchPorts(), env, log });
  return { context, status };
}

/** The environment without the addresses and credentials of anybody's stores. */
export function benchEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(QDRANT_|NEO4J_|TEMPORAL_|HYBRIDFLOW_)/.test(name));
  return Object.fromEntries(kept);
}

/** Free ports, chosen once and kept: a stack that still runs is found again. */
async function benchPorts(): Promise<StackPorts> {
  const file = join(BENCH_ROOT, 'ports.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as StackPorts;
  const [temporal = 0, temporalUi = 0, qdrant = 0, neo4jBolt = 0] = await freePorts(4);
  const ports: StackPorts = { temporal, temporalUi, qdrant, neo4jBolt };
  mkdirSync(BENCH_ROOT, { recursive: true });
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

/** Ports that nothing listens on, all different: they are held open until the last one is found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
