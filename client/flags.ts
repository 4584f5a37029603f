import type { Command } from 'commander';
import type { ENVIRONMENT } from '../config/schema';

/** Flags that override a setting: what commander calls them, and the environment variable they stand for. */
export const SETTING_FLAGS = [
  ['--base <name>', 'HYBRIDFLOW_BASE', 'name of the knowledge base'],
  ['--metadata-db <file>', 'HYBRIDFLOW_METADATA_DB', 'path of metadata.db'],
  ['--backups <folder>', 'HYBRIDFLOW_BACKUPS', 'where versions are kept'],
  ['--qdrant-url <url>', 'QDRANT_URL', 'address of Qdrant'],
  ['--qdrant-collection <name>', 'QDRANT_COLLECTION', 'collection or alias that production is read by'],
  ['--neo4j-uri <uri>', 'NEO4J_URI', 'address of Neo4j'],
  ['--neo4j-username <name>', 'NEO4J_USERNAME', 'user in Neo4j'],
  ['--neo4j-password-file <file>', 'NEO4J_PASSWORD_FILE', 'file that holds its password'],
  ['--neo4j-database <name>', 'NEO4J_DATABASE', 'database in Neo4j'],
  ['--temporal-address <host:port>', 'TEMPORAL_ADDRESS', 'address of Temporal'],
  ['--temporal-namespace <name>', 'TEMPORAL_NAMESPACE', 'namespace in Temporal'],
] as const satisfies readonly (readonly [string, keyof typeof ENVIRONMENT, string])[];

export type GlobalFlags = { json?: boolean; config?: string; stack?: string } & Record<string, unknown>;

/** The flags that every command takes, before or after its name. */
export function addGlobalFlags(program: Command): void {
  program.option('--json', 'print one JSON object on stdout, everything else on stderr');
  program.option('--config <file>', 'settings file, TOML or JSON (HYBRIDFLOW_CONFIG)');
  program.option('--stack <root>', 'folder of the local stack', '.stack');
  for (const [flag, variable, description] of SETTING_FLAGS) program.option(flag, `${description} (${variable})`);
}

/** The environment as the flags change it: so a flag wins over a variable, here and in whatever is started. */
export function environmentWith(flags: GlobalFlags, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const changed: NodeJS.ProcessEnv = { ...env };
  for (const [flag, variable] of SETTING_FLAGS) {
    const value = flags[nameOf(flag)];
    if (typeof value === 'string') changed[variable] = value;
  }
  // Of the two ways to give the password, the one that was asked for here.
  if (typeof flags.neo4jPasswordFile === 'string') delete changed.NEO4J_PASSWORD;
  if (flags.config !== undefined) changed.HYBRIDFLOW_CONFIG = flags.config;
  return changed;
}

/** `--metadata-db <file>` -> `metadataDb`, as commander names it. */
function nameOf(flag: string): string {
  const [long = ''] = flag.slice(2).split(' ');
  return long.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
