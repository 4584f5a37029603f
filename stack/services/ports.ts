import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { HybridFlowError } from '../../domain/errors';
import { commandOf, processGroup } from '../toolchain/process';
import { run } from '../toolchain/run';
import type { Environment, PortUse, ServiceName, StackPorts } from './types';

/** Who listens on a port, as far as this user may know. */
export interface Holder {
  pid?: number;
  command?: string;
}

const DEFAULTS: StackPorts = { temporal: 7233, temporalUi: 8233, qdrant: 6333, neo4jBolt: 7687 };

/** The variable that moves each port. */
export const PORT_VARIABLES = {
  temporal: 'HFV_PORT_TEMPORAL',
  temporalUi: 'HFV_PORT_TEMPORAL_UI',
  qdrant: 'HFV_PORT_QDRANT',
  neo4jBolt: 'HFV_PORT_NEO4J',
} as const satisfies Record<keyof StackPorts, string>;

/**
 * The ports to use: those given > HFV_PORT_* > the services' usual ones.
 *
 * @throws HybridFlowError CONFIG_INVALID where a variable holds no port
 */
export function resolvePorts(given: Partial<StackPorts> = {}, env: Environment = process.env): StackPorts {
  const ports = { ...DEFAULTS };
  for (const [name, variable] of Object.entries(PORT_VARIABLES) as [keyof StackPorts, string][]) {
    ports[name] = given[name] ?? portFrom(variable, env[variable]) ?? DEFAULTS[name];
  }
  return ports;
}

function portFrom(variable: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `${variable} is "${text}"`,
    expected: 'a port number, 1 to 65535',
    next: `mend or unset ${variable}`,
  });
}

/** Who listens on the port on this machine; undefined where nobody does. */
export async function holderOf(port: number): Promise<Holder | undefined> {
  if (process.platform !== 'linux') return (await answers(port)) ? holderFromLsof(port) : undefined;
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return (await answers(port)) ? {} : undefined;
  const pid = ownerOf(inodes);
  return pid === undefined ? {} : { pid, command: commandOf(pid) };
}

/** True where the holder is the process `pid` or a member of the group that it leads. */
export function isHeldBy(holder: Holder, pid: number): boolean {
  return holder.pid !== undefined && (holder.pid === pid || processGroup(holder.pid) === pid);
}

/** The error for a port that something else holds. */
export function portInUse(service: ServiceName, { port, variable }: PortUse, holder: Holder): HybridFlowError {
  const command = holder.command && holder.command.length > 120 ? `${holder.command.slice(0, 120)}…` : holder.command;
  const who =
    holder.pid === undefined ? 'a process of someone else' : `pid ${holder.pid}${command ? ` (${command})` : ''}`;
  return new HybridFlowError('PORT_IN_USE', {
    found: `Port ${port}, which ${service} needs, is held by ${who}`,
    expected: 'a free port, or the service that this stack started',
    next: `stop that process, or choose another port with ${variable}=<port>`,
    details: { service, port, variable, ...(holder.pid === undefined ? {} : { holderPid: holder.pid }) },
  });
}

/** True where something on this machine accepts a connection on the port. */
export function answers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host, timeout: 2_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

const LISTEN = '0A';

function listeningInodes(port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of linesOf(table)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTEN && local?.endsWith(suffix) && inode) inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function ownerOf(inodes: Set<string>): number | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const owner = pids.find((pid) => filesOf(pid).some((file) => inodes.has(file)));
  return owner === undefined ? undefined : Number(owner);
}

/** Open files of a process; none where it is gone or belongs to another user. */
function filesOf(pid: string): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((fd) => linkOrEmpty(`${folder}/${fd}`));
  } catch {
    return [];
  }
}

function linkOrEmpty(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

async function holderFromLsof(port: number): Promise<Holder> {
  const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t']);
  const pid = Number(stdout.trim().split('\n')[0]);
  return pid > 0 ? { pid, command: commandOf(pid) } : {};
}
