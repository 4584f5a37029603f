import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { ensurePythonTools } from '../toolchain/python';
import { onPath } from '../toolchain/java';
import { paths } from './paths';
import { PORT_VARIABLES } from './ports';
import type { Launch, Service, StackContext, StackPorts } from './types';

const NAMESPACE = 'default';

/** Temporal's development server with its UI, on a database file. */
export const temporal: Service = {
  name: 'temporal',
  addressVariable: 'TEMPORAL_ADDRESS',
  unreachable: 'TEMPORAL_UNREACHABLE',
  startMs: 30_000,
  stopMs: 10_000,
  portsOf: (ports) => [
    { port: ports.temporal, variable: PORT_VARIABLES.temporal },
    { port: ports.temporalUi, variable: PORT_VARIABLES.temporalUi },
  ],
  localAddress: (ports) => `127.0.0.1:${ports.temporal}`,
  ask: askTemporal,
  prepare: prepareTemporal,
  environment: environmentOf,
};

function environmentOf({ ports, env }: StackContext, address: string, how: string): Record<string, string> {
  if (how !== 'configured') {
    return { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: NAMESPACE, TEMPORAL_UI_URL: uiUrl(ports) };
  }
  const namespace = env.TEMPORAL_NAMESPACE;
  return { TEMPORAL_ADDRESS: address, ...(namespace ? { TEMPORAL_NAMESPACE: namespace } : {}) };
}

function uiUrl(ports: StackPorts): string {
  return `http://127.0.0.1:${ports.temporalUi}`;
}

/** Fit for use once the namespace is there: the server accepts connections a little earlier. */
async function askTemporal({ env }: StackContext, address: string, how: string): Promise<string> {
  // Loaded late: it is large, and most commands never start a service.
  const { Connection } = await import('@temporalio/client');
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const configured = how === 'configured' ? loadClientConnectConfig({ overrideEnvVars: definedOnly(env) }) : undefined;
  const connection = await Connection.connect({ ...configured?.connectionOptions, address, connectTimeout: 5_000 });
  try {
    const namespace = configured?.namespace ?? NAMESPACE;
    await connection.withDeadline(Date.now() + 5_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return (await connection.workflowService.getSystemInfo({})).serverVersion;
  } finally {
    await connection.close();
  }
}

async function prepareTemporal(context: StackContext): Promise<Launch> {
  const { ports, root, env } = context;
  const own = onPath('temporal', env);
  const message = (text: string) => context.progress({ service: 'temporal', phase: 'install', message: text });
  const command = own ?? (await ensurePythonTools(message)).temporal;
  const attributes = Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const args = ['server', 'start-dev', '--db-filename', join(paths.data(root, 'temporal'), 'temporal.db')];
  args.push('--ip', '127.0.0.1', '--port', String(ports.temporal), '--ui-port', String(ports.temporalUi));
  args.push('--namespace', NAMESPACE, '--log-level', 'warn', '--color', 'never', ...attributes);
  return { command, args, env: withoutTemporal(env), note: `UI: ${uiUrl(ports)}` };
}

/** A profile or address in the environment is meant for clients; the server must not follow it. */
function withoutTemporal(env: StackContext['env']): StackContext['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

function definedOnly(env: StackContext['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
