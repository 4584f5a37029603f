import { Client, Connection, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import type { Settings } from '../config/schema';
import { temporalTarget } from '../config/temporal';
import { HybridFlowError } from '../domain/errors';

const CONNECT_TIMEOUT_MS = 5_000;

/** gRPC's own numbers for "nobody there" and "took too long". */
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;
const CANCELLED = 1;
const REFUSED = [7, 16];

/** A connection to Temporal, and what a person needs to find a run there. */
export interface Session {
  client: Client;
  namespace: string;
  address: string;
  /** Address of a run in Temporal's UI; null where the UI's address is not known. */
  uiLink(workflowId: string, runId: string): string | null;
  /** Turns what Temporal's client throws into an error with a code, where there is one for it. */
  explain(error: unknown): unknown;
  close(): Promise<void>;
}

/** @throws HybridFlowError TEMPORAL_UNREACHABLE within about five seconds where the server does not answer */
export async function connectTemporal(settings: Settings, env: NodeJS.ProcessEnv): Promise<Session> {
  const { connectionOptions, address, namespace } = temporalTarget(settings, env);
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_TIMEOUT_MS });
  } catch (cause) {
    throw unreachable(address, cause);
  }
  return {
    client: new Client({ connection, namespace }),
    namespace,
    address,
    uiLink: (workflowId, runId) => uiLink(settings.temporal.uiUrl, namespace, workflowId, runId),
    explain: (error) => explain(error, address, namespace),
    close: () => connection.close(),
  };
}

/** Where Temporal's UI shows a run. */
export function uiLink(uiUrl: string | undefined, namespace: string, workflowId: string, runId: string): string | null {
  if (uiUrl === undefined) return null;
  const path = ['namespaces', namespace, 'workflows', workflowId, runId, 'history'].map(encodeURIComponent).join('/');
  return `${uiUrl.replace(/\/+$/, '')}/${path}`;
}

/** True for an error that says that nobody answered, so that the same call may work later. */
export function isOutage(error: unknown): boolean {
  const code = grpcCode(error);
  return code === UNAVAILABLE || code === DEADLINE_EXCEEDED || code === CANCELLED;
}

function explain(error: unknown, address: string, namespace: string): unknown {
  if (error instanceof NamespaceNotFoundError) {
    return new HybridFlowError(
      'CONFIG_INVALID',
      {
        found: `Temporal at ${address} has no namespace ${namespace}`,
        next: `create it (\`temporal operator namespace create ${namespace}\`), or correct TEMPORAL_NAMESPACE`,
      },
      { cause: error },
    );
  }
  if (error instanceof WorkflowNotFoundError) {
    return new HybridFlowError(
      'NOT_RUNNING',
      {
        found: `There is no running workflow ${error.workflowId} in namespace ${namespace}: it has ended meanwhile, or never ran`,
        next: 'see what happened with `hfv status`',
      },
      { cause: error },
    );
  }
  const code = grpcCode(error);
  return isOutage(error) || (code !== undefined && REFUSED.includes(code)) ? unreachable(address, error) : error;
}

function unreachable(address: string, cause: unknown): HybridFlowError {
  const refused = REFUSED.includes(grpcCode(cause) ?? -1);
  const why = innermost(cause);
  return new HybridFlowError(
    'TEMPORAL_UNREACHABLE',
    {
      found: refused
        ? `Temporal at ${address} refuses this client (${why})`
        : `Temporal does not answer at ${address} (${why})`,
      next: refused
        ? 'correct the TEMPORAL_* credentials'
        : 'start it (`hfv up`, or the server that you use), or correct TEMPORAL_ADDRESS',
      details: { address },
    },
    { cause },
  );
}

function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof ServiceError && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
}

function innermost(error: unknown): string {
  if (error instanceof ServiceError && error.cause) return innermost(error.cause);
  if (isGrpcServiceError(error)) return error.details || error.message;
  return error instanceof Error ? error.message : String(error);
}
