import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..');
/** All that the bundle is made of, besides the packages that the lock file pins. */
const SOURCES = ['workflows', 'domain'];

/**
 * Path of the bundled workflows. An installed package carries it; in a checkout it is made when the sources have
 * changed, and in a process of its own: bundling takes 150 MB that the worker would hold on to.
 */
export async function workflowBundlePath(): Promise<string> {
  const built = join(ROOT, 'workflow-bundle.js');
  if (existsSync(built)) return built;
  const folder = join(ROOT, 'node_modules', '.cache', 'hybridflow-versioning');
  const target = join(folder, `workflows-${sourceFingerprint(SOURCES)}.js`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  const temporary = `${target}.${process.pid}.tmp`;
  const program = [join(ROOT, 'bin', 'run-ts.mjs'), join(__dirname, 'bundle.ts'), temporary];
  await promisify(execFile)(process.execPath, program, { maxBuffer: 16 * 1024 * 1024 });
  renameSync(temporary, target);
  return target;
}

/** A hash of what a worker of this checkout runs; the same in every installed copy of one version. */
export function sourceFingerprint(folders: readonly string[]): string {
  const lock = join(ROOT, 'package-lock.json');
  const hash = createHash('sha256').update(existsSync(lock) ? readFileSync(lock) : '');
  for (const folder of folders) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(ts|js)$/.test(file)) hash.update(`\0${folder}/${file}\0`).update(readFileSync(join(ROOT, folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
