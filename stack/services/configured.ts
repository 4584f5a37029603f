import { HybridFlowError } from '../../domain/errors';
import { maskUrl } from '../../domain/masking';
import { parseEnv } from '../env-file';
import { hasLocalData } from './docker';
import { paths, readOrUndefined } from './paths';
import type { Service, ServiceStatus, StackContext } from './types';

/**
 * The address that the environment names for a service. Our own address, read back from the env file that this
 * root wrote (`source .stack/env`), is no configuration: that service is ours to start.
 */
export function configuredAddress({ env, root }: StackContext, service: Service): string | undefined {
  const address = env[service.addressVariable];
  if (!address) return undefined;
  const written = parseEnv(readOrUndefined(paths.env(root)) ?? '')[service.addressVariable];
  return written === address && hasLocalData(root, service.name) ? undefined : address;
}

/**
 * Uses the service at a configured address. It is not ours: never started, never stopped.
 *
 * @throws HybridFlowError the service's own code where it does not answer; no other one is started in its place
 */
export async function useConfigured(context: StackContext, service: Service, address: string): Promise<ServiceStatus> {
  try {
    const version = await service.ask(context, address, 'configured');
    return {
      name: service.name,
      state: 'running',
      how: 'configured',
      address,
      version,
      startedNow: false,
      logFile: '',
    };
  } catch (error) {
    if (error instanceof HybridFlowError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const variable = service.addressVariable;
    throw new HybridFlowError(
      service.unreachable,
      {
        found: `${variable} names ${maskUrl(address)}, where ${service.name} does not answer: ${why}`,
        next: `start it, mend ${variable}, or unset ${variable} to have one started here`,
      },
      { cause: error },
    );
  }
}
