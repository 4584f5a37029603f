import { parse } from 'dotenv';
import { ENVIRONMENT } from '../config/schema';
import { paths, readOrUndefined, writeWhole } from './services/paths';

/** Reads the lines of an env file. */
export function parseEnv(text: string): Record<string, string> {
  return parse(text);
}

/**
 * The env file's content after a start: what this start knows, over what earlier starts of this root wrote for
 * other services. Keys that are not ours are dropped, as are those of the services named in `replaced`.
 */
export function mergeEnv(
  present: Record<string, string>,
  now: Record<string, string>,
  replaced: string[],
): Record<string, string> {
  const kept = Object.entries(present).filter(
    ([name]) => Object.hasOwn(ENVIRONMENT, name) && !replaced.some((prefix) => name.startsWith(prefix)),
  );
  return { ...Object.fromEntries(kept), ...now };
}

/** Formats an env file that a shell and dotenv read alike. */
export function formatEnv(env: Record<string, string>): string {
  const lines = Object.entries(env).map(
    ([name, value]) => `${name}=${/^[\w./:@%+,-]*$/.test(value) ? value : quoted(value)}`,
  );
  return `# Written by the local stack; overwritten at its next start. Read it with: set -a; . ./env; set +a\n${lines.join('\n')}\n`;
}

/** Merges and writes `<root>/env`, readable by its owner only. Returns what it now says. */
export function writeEnvFile(root: string, now: Record<string, string>, replaced: string[]): Record<string, string> {
  const merged = mergeEnv(readEnvFile(root), now, replaced);
  writeWhole(paths.env(root), formatEnv(merged), 0o600);
  return merged;
}

export function readEnvFile(root: string): Record<string, string> {
  return parseEnv(readOrUndefined(paths.env(root)) ?? '');
}

/** In single quotes, where neither a shell nor dotenv replaces anything. */
function quoted(value: string): string {
  if (value.includes("'")) throw new Error(`A value with a single quote cannot be written to an env file: ${value}`);
  return `'${value}'`;
}
