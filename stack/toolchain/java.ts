import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { run } from './run';

export interface Jdk {
  java: string;
  javac: string;
  /** What `java -version` said: its exact build. */
  banner: string;
}

type Environment = Record<string, string | undefined>;

const OLDEST = 17;

/**
 * The JDK to use: JAVA_HOME's, else the one on PATH.
 *
 * @throws HybridFlowError TOOL_MISSING where there is none, it is too old, or it is only a runtime
 */
export async function findJava(env: Environment = process.env): Promise<Jdk> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : onPath('java', env);
  const { code, output } = java ? await run(java, ['-version'], { env }) : { code: 127, output: '' };
  if (java === undefined || code !== 0) {
    throw missing(env.JAVA_HOME ? `JAVA_HOME is ${env.JAVA_HOME}, where bin/java does not run` : 'No java is on PATH');
  }
  const major = javaMajor(output);
  if (major < OLDEST) throw missing(`${java} is Java ${major}`);
  const javac = join(dirname(realpathSync(java)), 'javac');
  if (!existsSync(javac)) throw missing(`${java} is a runtime without a compiler (no ${javac})`);
  return { java, javac, banner: output.trim() };
}

/** The major version in the text of `java -version`: 17 in `"17.0.15"`, 8 in `"1.8.0_402"`. */
export function javaMajor(banner: string): number {
  const [, first = '0', second = '0'] = /version "(\d+)(?:\.(\d+))?/.exec(banner) ?? [];
  return Number(first === '1' ? second : first);
}

/** The first executable of that name on PATH. */
export function onPath(name: string, env: Environment = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

function missing(found: string): HybridFlowError {
  return new HybridFlowError('TOOL_MISSING', {
    found,
    expected: `a JDK, ${OLDEST} or newer`,
    next: 'install one (Debian: apt install openjdk-17-jdk-headless) or set JAVA_HOME to one',
  });
}
