import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { packageRoot, toolFolder } from './cache';
import { findJava } from './java';
import { withLock } from './lock';
import { run, tail } from './run';

export interface Neo4jTools {
  java: string;
  /** The server's own jar first, then Neo4j's, in a fixed order. */
  classpath: string;
  version: string;
  /** Where the JVM keeps the classes it has prepared, which halves the start. Made by the first clean stop. */
  classArchive: string;
}

type Progress = (message: string) => void;

const NEO4J_VERSION = '5.26.30';

/**
 * Neo4j Community's jars, from Maven, kept in the user's cache. The network is not asked again once they are there.
 *
 * @throws HybridFlowError TOOL_MISSING
 */
export async function ensureNeo4j(onProgress: Progress = () => undefined): Promise<Neo4jTools> {
  const { java, javac, banner } = await findJava();
  const sources = join(packageRoot(), 'stack', 'services', 'neo4j');
  const folder = toolFolder(`neo4j-${NEO4J_VERSION}`);
  const jars = join(folder, 'lib');
  const server = join(folder, `server-${hash(readFileSync(join(sources, 'Neo4jServer.java')))}.jar`);
  if (!existsSync(jars) || !existsSync(server)) {
    const onWait = (pid: number) => onProgress(`waiting for another set-up of Neo4j (pid ${pid})`);
    await withLock(
      `${folder}.lock`,
      async () => {
        if (!existsSync(jars)) await downloadJars(join(sources, 'pom.xml'), jars, onProgress);
        if (!existsSync(server)) await compile(join(sources, 'Neo4jServer.java'), jars, server, javac);
      },
      { onWait },
    );
  }
  const names = readdirSync(jars).sort();
  const classpath = [server, ...names.map((name) => join(jars, name))].join(':');
  const classArchive = join(folder, `classes-${hash(`${banner}\n${classpath}`)}.jsa`);
  return { java, classpath, version: NEO4J_VERSION, classArchive };
}

async function downloadJars(pom: string, jars: string, onProgress: Progress): Promise<void> {
  if ((await run('mvn', ['--version'])).code !== 0) {
    throw new HybridFlowError('TOOL_MISSING', {
      found: 'Maven (mvn) is not on PATH',
      expected: 'Maven 3.6 or newer, which fetches Neo4j',
      next: 'install Maven (Debian: apt install maven; macOS: brew install maven)',
    });
  }
  onProgress(`fetching Neo4j ${NEO4J_VERSION} with Maven (about 120 MB, once)`);
  const partial = `${jars}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  // Maven leaves a target/ folder beside the pom; a copy keeps the checkout clean.
  const copy = join(partial, 'pom.xml');
  copyFileSync(pom, copy);
  const wanted = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'];
  const { code, output } = await run('mvn', ['-B', '-ntp', '-f', copy, ...wanted]);
  if (code !== 0) {
    throw new HybridFlowError('TOOL_MISSING', {
      found: `Maven could not fetch Neo4j ${NEO4J_VERSION}:\n${tail(output)}`,
      next: 'check that the Maven repository can be reached, then run the same command again',
    });
  }
  rmSync(copy);
  rmSync(join(partial, 'target'), { recursive: true, force: true });
  renameSync(partial, jars);
}

async function compile(source: string, jars: string, target: string, javac: string): Promise<void> {
  const classes = `${target}.classes`;
  rmSync(classes, { recursive: true, force: true });
  const compiled = await run(javac, ['--release', '17', '-cp', join(jars, '*'), '-d', classes, source]);
  const partial = `${target}.partial`;
  const packed = await run(join(dirname(javac), 'jar'), ['--create', '--file', partial, '-C', classes, '.']);
  rmSync(classes, { recursive: true, force: true });
  if (compiled.code !== 0 || packed.code !== 0) {
    throw new HybridFlowError('TOOL_MISSING', {
      found: `${source} could not be compiled:\n${tail(compiled.output + packed.output)}`,
      expected: 'a JDK, 17 or newer',
      next: 'check the JDK that JAVA_HOME or PATH names',
    });
  }
  renameSync(partial, target);
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}
