import { configuredAddress, useConfigured } from './configured';
import { paths } from './paths';
import { holderOf } from './ports';
import { currentRecord } from './records';
import type { Service, ServiceStatus, StackContext, StartRecord } from './types';

/** The status of what this root started, from its record. */
export function fromRecord(context: StackContext, record: StartRecord): ServiceStatus {
  const { service, how, address, version, note } = record;
  const pid = record.process?.pid;
  const logFile = how === 'local' ? paths.log(context.root, service) : '';
  return { name: service, state: 'running', how, address, version, pid, startedNow: false, logFile, note };
}

/** What is known of a service without starting anything. */
export async function statusOf(context: StackContext, service: Service): Promise<ServiceStatus> {
  const record = currentRecord(context.root, service.name);
  if (record) return fromRecord(context, record);
  const configured = configuredAddress(context, service);
  if (configured !== undefined) return configuredStatus(context, service, configured);
  const address = service.localAddress(context.ports);
  const logFile = paths.log(context.root, service.name);
  const stopped = { name: service.name, how: 'local', address, version: '', startedNow: false, logFile } as const;
  for (const { port } of service.portsOf(context.ports)) {
    const holder = await holderOf(port);
    const who = holder?.pid === undefined ? 'a process of someone else' : `pid ${holder.pid}`;
    if (holder) return { ...stopped, state: 'foreign', note: `port ${port} is held by ${who}` };
  }
  return { ...stopped, state: 'stopped' };
}

async function configuredStatus(context: StackContext, service: Service, address: string): Promise<ServiceStatus> {
  try {
    return await useConfigured(context, service, address);
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    const { name } = service;
    return { name, state: 'stopped', how: 'configured', address, version: '', startedNow: false, logFile: '', note };
  }
}
