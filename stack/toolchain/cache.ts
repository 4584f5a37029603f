import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

type Environment = Record<string, string | undefined>;

/** The user's cache folder for this project: installs that every clone and every start shares. */
export function cacheFolder(env: Environment = process.env): string {
  // An empty variable counts as unset (XDG base directory specification), as does a relative path.
  const base = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'hybridflow-versioning');
}

/** The folder of a pinned install, e.g. `toolFolder('neo4j-5.26.30')`. */
export function toolFolder(name: string, env?: Environment): string {
  return join(cacheFolder(env), 'tools', name);
}

/** The top of this package, from the sources and from `dist/` alike. Files that are not TypeScript are found from here. */
export function packageRoot(from: string = __dirname): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`No package.json above ${from}`);
  }
}
