import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServiceName } from './types';

/** Where things are under a stack's root. */
export const paths = {
  data: (root: string, service: ServiceName) => join(root, 'data', service),
  log: (root: string, service: ServiceName) => join(root, 'logs', `${service}.log`),
  record: (root: string, service: ServiceName) => join(root, 'run', `${service}.json`),
  lock: (root: string) => join(root, 'run', 'stack.lock'),
  env: (root: string) => join(root, 'env'),
  neo4jPassword: (root: string) => join(root, 'secrets', 'neo4j-password'),
};

/** Writes a file whole or not at all. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}`;
  writeFileSync(partial, text, { mode });
  chmodSync(partial, mode);
  renameSync(partial, file);
}

export function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The secret in a file that only its owner can read, made at random the first time. */
export function secretIn(file: string): string {
  const kept = readOrUndefined(file)?.trim();
  if (kept) return kept;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const secret = randomBytes(24).toString('base64url');
  writeWhole(file, `${secret}\n`, 0o600);
  return secret;
}
