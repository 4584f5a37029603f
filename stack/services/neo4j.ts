import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { ensureFirstPassword, isUnauthorized, serverVersion, type Login } from '../../stores/neo4j/first-password';
import { ensureNeo4j, type Neo4jTools } from '../toolchain/neo4j';
import { paths, readOrUndefined, secretIn, writeWhole } from './paths';
import { PORT_VARIABLES } from './ports';
import type { Launch, Service, StackContext } from './types';

const DATABASE = 'neo4j';

/** Neo4j Community, bolt only, with a password of its own. */
export const neo4j: Service = {
  name: 'neo4j',
  addressVariable: 'NEO4J_URI',
  unreachable: 'NEO4J_UNREACHABLE',
  startMs: 90_000,
  // The first clean end also writes the class archive.
  stopMs: 60_000,
  portsOf: (ports) => [{ port: ports.neo4jBolt, variable: PORT_VARIABLES.neo4jBolt }],
  localAddress: (ports) => `bolt://127.0.0.1:${ports.neo4jBolt}`,
  ask: askNeo4j,
  prepare: prepareNeo4j,
  environment: environmentOf,
  afterCleanStop: keepClassArchive,
};

async function askNeo4j(context: StackContext, address: string, how: string): Promise<string> {
  const login = how === 'configured' ? configuredLogin(context, address) : ownLogin(context, address);
  try {
    if (how === 'local') await ensureFirstPassword(login);
    return await serverVersion(login);
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    const own = `${paths.neo4jPassword(context.root)} does not open the data in ${paths.data(context.root, 'neo4j')}`;
    throw new HybridFlowError(
      'NEO4J_AUTH',
      {
        found: how === 'configured' ? `${address} refuses the configured user or password` : own,
        next: how === 'configured' ? 'check NEO4J_USERNAME and NEO4J_PASSWORD' : 'start over with --fresh',
      },
      { cause: error },
    );
  }
}

function ownLogin({ root }: StackContext, uri: string): Login {
  return { uri, username: 'neo4j', password: secretIn(paths.neo4jPassword(root)), database: DATABASE };
}

function configuredLogin({ env }: StackContext, uri: string): Login {
  const fromFile = env.NEO4J_PASSWORD_FILE ? readOrUndefined(env.NEO4J_PASSWORD_FILE)?.trimEnd() : undefined;
  const password = env.NEO4J_PASSWORD ?? fromFile ?? '';
  return { uri, username: env.NEO4J_USERNAME ?? 'neo4j', password, database: env.NEO4J_DATABASE ?? DATABASE };
}

function environmentOf({ root, env }: StackContext, address: string, how: string): Record<string, string> {
  const own = { NEO4J_USERNAME: 'neo4j', NEO4J_DATABASE: DATABASE, NEO4J_PASSWORD_FILE: paths.neo4jPassword(root) };
  if (how !== 'configured') return { NEO4J_URI: address, ...own };
  // A password given in the environment stays there: it is not copied into a file.
  const given = (['NEO4J_USERNAME', 'NEO4J_DATABASE', 'NEO4J_PASSWORD_FILE'] as const).flatMap((name) =>
    env[name] ? [[name, env[name]]] : [],
  );
  return { NEO4J_URI: address, ...(Object.fromEntries(given) as Record<string, string>) };
}

async function prepareNeo4j(context: StackContext): Promise<Launch> {
  const { root, ports, env } = context;
  const message = (text: string) => context.progress({ service: 'neo4j', phase: 'install', message: text });
  const tools = await ensureNeo4j(message);
  const home = paths.data(root, 'neo4j');
  mkdirSync(home, { recursive: true });
  // The password exists before the server does, so that a crash in between loses nothing.
  secretIn(paths.neo4jPassword(root));
  const conf = join(root, 'conf', 'neo4j.conf');
  writeWhole(conf, configuration(ports.neo4jBolt));
  const options = join(root, 'conf', 'neo4j.java-options');
  writeWhole(options, javaOptions(root, tools).map(quoted).join('\n'));
  // An options file keeps 200 jars out of the process list, where the command is what tells a person whose it is.
  return { command: tools.java, args: [`@${options}`, 'Neo4jServer', home, conf], env };
}

function configuration(port: number): string {
  const lines = {
    'server.bolt.enabled': true,
    'server.bolt.listen_address': `127.0.0.1:${port}`,
    'server.http.enabled': false,
    'server.https.enabled': false,
    'dbms.security.auth_enabled': true,
    'server.memory.pagecache.size': '256m',
    'dbms.usage_report.enabled': false,
    // Two listeners wait this long for late requests, one after the other: 5 s each unless told.
    'internal.dbms.bolt.netty_server_shutdown_quiet_period': 0,
  };
  return `${Object.entries(lines)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

function javaOptions(root: string, { classpath, classArchive }: Neo4jTools): string[] {
  const opened = ['java.base/java.nio', 'java.base/java.lang', 'java.base/sun.nio.ch'];
  // The classes that a first run loaded are written down at its end; later runs map them and start in half the time.
  rmSync(archiveInMaking(root), { force: true });
  const archive = existsSync(classArchive)
    ? `-XX:SharedArchiveFile=${classArchive}`
    : `-XX:ArchiveClassesAtExit=${archiveInMaking(root)}`;
  writeWhole(archiveTarget(root), classArchive);
  return [
    ...opened.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    '-Xmx1g',
    '-XX:+UseSerialGC',
    '-Xlog:cds=off',
    '-Xlog:cds+dynamic=off',
    archive,
    '-cp',
    classpath,
  ];
}

/** After a clean end only: a process that was killed may have left half an archive. */
function keepClassArchive({ root }: StackContext): void {
  const target = readOrUndefined(archiveTarget(root));
  const made = archiveInMaking(root);
  if (!target || !existsSync(made)) return;
  const partial = `${target}.${process.pid}`;
  try {
    copyFileSync(made, partial);
    renameSync(partial, target);
  } catch {
    // A cache that cannot be written to only costs time.
    rmSync(partial, { force: true });
  }
  rmSync(made, { force: true });
}

function archiveInMaking(root: string): string {
  return join(root, 'run', 'neo4j-classes.jsa');
}

function archiveTarget(root: string): string {
  return join(root, 'run', 'neo4j-classes.target');
}

/** As java reads an options file: backslashes and quotes escaped, the whole in quotes. */
function quoted(option: string): string {
  return `"${option.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}
