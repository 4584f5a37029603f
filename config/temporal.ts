import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import type { Settings } from './schema';

const DEFAULT_ADDRESS = '127.0.0.1:7233';

export interface TemporalTarget extends ClientConnectConfig {
  address: string;
  namespace: string;
}

/**
 * How to reach Temporal, for the worker and the client alike: the standard TEMPORAL_* variables and profiles
 * (TLS and API keys included). A profile that is named (TEMPORAL_PROFILE) wins over the address of a local
 * stack in this folder, which in turn wins over the default profile.
 */
export function temporalTarget(settings: Settings, env: NodeJS.ProcessEnv = process.env): TemporalTarget {
  const overrides = Object.fromEntries(
    Object.entries({
      ...env,
      ...(env.TEMPORAL_PROFILE
        ? {}
        : { TEMPORAL_ADDRESS: settings.temporal.address, TEMPORAL_NAMESPACE: settings.temporal.namespace }),
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars: overrides });
  const { address = DEFAULT_ADDRESS } = connectionOptions;
  return { connectionOptions: { ...connectionOptions, address }, address, namespace };
}
