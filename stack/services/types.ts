import type { ErrorCode } from '../../domain/errors';
import type { ProcessIdentity } from '../toolchain/process';

export type ServiceName = 'temporal' | 'qdrant' | 'neo4j';
export type Environment = Record<string, string | undefined>;

export interface StackPorts {
  temporal: number;
  temporalUi: number;
  qdrant: number;
  neo4jBolt: number;
}

export interface ServiceStatus {
  name: ServiceName;
  /** `foreign`: something that is not ours holds the port. */
  state: 'running' | 'stopped' | 'foreign';
  how: 'configured' | 'docker' | 'local';
  address: string;
  /** Empty while it does not answer. */
  version: string;
  pid?: number;
  startedNow: boolean;
  logFile: string;
  note?: string;
}

export interface ProgressEvent {
  service: ServiceName;
  phase: 'install' | 'start' | 'wait' | 'ready' | 'stop';
  message: string;
}

/** What every service is started with. */
export interface StackContext {
  root: string;
  ports: StackPorts;
  env: Environment;
  progress: (event: ProgressEvent) => void;
}

/** One port of a service, and the variable that moves it. */
export interface PortUse {
  port: number;
  variable: string;
}

/** A command that starts a service, complete. */
export interface Launch {
  command: string;
  args: string[];
  env: Environment;
  note?: string;
}

/** One of the three services: where it is, how it is asked, how it is started here. */
export interface Service {
  name: ServiceName;
  /** The variable that names its address. */
  addressVariable: string;
  unreachable: ErrorCode;
  /** How long a start may take, and a clean stop, in milliseconds. */
  startMs: number;
  stopMs: number;
  portsOf(ports: StackPorts): PortUse[];
  /** Where the local one is, in the form its clients take. */
  localAddress(ports: StackPorts): string;
  /** Asks the one at `address` and returns its version. Throws while it is not fit for use. */
  ask(context: StackContext, address: string, how: ServiceStatus['how']): Promise<string>;
  /** Installs what is missing and says how to start it. */
  prepare(context: StackContext): Promise<Launch>;
  /** What programs need to reach it: the names of config/schema.ts. */
  environment(context: StackContext, address: string, how: ServiceStatus['how']): Record<string, string>;
  /** Called when its process has ended by itself on our request. */
  afterCleanStop?(context: StackContext): void;
}

/** What is kept about a service that this root started: `<root>/run/<service>.json`. */
export interface StartRecord {
  service: ServiceName;
  how: 'docker' | 'local';
  address: string;
  version: string;
  /** Local ones only. */
  process?: ProcessIdentity;
  command?: string;
  /** Docker ones only. */
  project?: string;
  note?: string;
}
