import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { packageRoot } from '../toolchain/cache';
import { onPath } from '../toolchain/java';
import { ensurePythonTools } from '../toolchain/python';
import { paths } from './paths';
import { PORT_VARIABLES } from './ports';
import type { Launch, Service, StackContext } from './types';

/** Qdrant: the real server where one is installed, else the gateway over its storage engine. */
export const qdrant: Service = {
  name: 'qdrant',
  addressVariable: 'QDRANT_URL',
  unreachable: 'QDRANT_UNREACHABLE',
  startMs: 30_000,
  stopMs: 15_000,
  portsOf: (ports) => [{ port: ports.qdrant, variable: PORT_VARIABLES.qdrant }],
  localAddress: (ports) => `http://127.0.0.1:${ports.qdrant}`,
  ask: askQdrant,
  prepare: prepareQdrant,
  environment: ({ env }, address) => ({
    QDRANT_URL: address,
    QDRANT_COLLECTION: env.QDRANT_COLLECTION ?? 'textbook_chunks',
    ...(env.QDRANT_API_KEY ? { QDRANT_API_KEY: env.QDRANT_API_KEY } : {}),
  }),
};

async function askQdrant({ env }: StackContext, address: string): Promise<string> {
  const headers: Record<string, string> = env.QDRANT_API_KEY ? { 'api-key': env.QDRANT_API_KEY } : {};
  const get = async (path: string) => {
    const url = `${address.replace(/\/$/, '')}${path}`;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
    if (response.ok) return response;
    if (response.status === 401 || response.status === 403) throw refused(url, response.status);
    throw new Error(`${url} answers ${response.status}`);
  };
  await get('/readyz');
  await get('/collections');
  const { version } = (await (await get('/')).json()) as { version?: string };
  return version ?? 'unknown';
}

function refused(url: string, status: number): HybridFlowError {
  return new HybridFlowError('QDRANT_AUTH', {
    found: `${url} answers ${status}`,
    next: 'set QDRANT_API_KEY to the key that this server was started with',
  });
}

async function prepareQdrant(context: StackContext): Promise<Launch> {
  const { env } = context;
  const server = env.QDRANT_BIN ?? onPath('qdrant', env);
  return server ? realServer(context, server) : gateway(context);
}

function realServer({ root, ports, env }: StackContext, command: string): Launch {
  const data = paths.data(root, 'qdrant');
  const settings: Record<string, string> = {
    QDRANT__STORAGE__STORAGE_PATH: join(data, 'storage'),
    QDRANT__STORAGE__SNAPSHOTS_PATH: join(data, 'snapshots'),
    QDRANT__SERVICE__HOST: '127.0.0.1',
    QDRANT__SERVICE__HTTP_PORT: String(ports.qdrant),
    // gRPC is not used, and its usual port may be someone else's; a port beside ours keeps two stacks apart.
    QDRANT__SERVICE__GRPC_PORT: String(ports.qdrant + 1),
    QDRANT__TELEMETRY_DISABLED: 'true',
  };
  return { command, args: [], env: { ...env, ...settings, ...apiKey(env) } };
}

async function gateway(context: StackContext): Promise<Launch> {
  const { root, ports, env } = context;
  const message = (text: string) => context.progress({ service: 'qdrant', phase: 'install', message: text });
  const { python } = await ensurePythonTools(message);
  const args = ['-m', 'qdrant_gateway', '--host', '127.0.0.1', '--port', String(ports.qdrant)];
  args.push('--storage', paths.data(root, 'qdrant'));
  const PYTHONPATH = join(packageRoot(), 'stack', 'qdrant-gateway');
  return {
    command: python,
    args,
    env: { ...env, PYTHONPATH, PYTHONUNBUFFERED: '1', ...apiKey(env) },
    note: "Qdrant's storage engine behind a small gateway: for development, not for production",
  };
}

function apiKey(env: StackContext['env']): Record<string, string> {
  return env.QDRANT_API_KEY ? { QDRANT__SERVICE__API_KEY: env.QDRANT_API_KEY } : {};
}
