// better-sqlite3's native addon: from the user's cache, from its publisher, or compiled here, in that order.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { npm } from './install.mjs';
import { runLogged } from './run.mjs';

const PACKAGE = 'better-sqlite3';

/** Puts a working addon into node_modules and keeps a copy for the next clone. */
export async function ensureAddon(checkout, steps) {
  const addon = join(checkout, 'node_modules', PACKAGE, 'build', 'Release', 'better_sqlite3.node');
  const cached = cachedAddon(checkout);
  if (existsSync(addon) && (await loads(checkout, steps))) return keep(addon, cached);
  if (existsSync(cached)) {
    steps.say(`taking ${PACKAGE}'s native addon from ${dirname(cached)}`);
    copyWhole(cached, addon);
    if (await loads(checkout, steps)) return;
    steps.say('the kept addon does not load here; it is thrown away');
    rmSync(cached, { force: true });
  }
  rmSync(addon, { force: true });
  steps.say(`getting ${PACKAGE}'s native addon (compiled here where its publisher cannot be reached: 1-2 minutes)`);
  const code = await npm(
    checkout,
    steps,
    ['rebuild', PACKAGE, '--foreground-scripts', '--ignore-scripts=false'],
    buildEnvironment(),
  );
  if (code !== 0 || !(await loads(checkout, steps))) throw buildFailure(steps);
  keep(addon, cached);
}

/** Copies under a temporary name first, so that nobody ever sees half a file. */
function copyWhole(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const partial = `${to}.${process.pid}`;
  copyFileSync(from, partial);
  renameSync(partial, to);
}

function keep(addon, cached) {
  if (existsSync(cached)) return;
  try {
    copyWhole(addon, cached);
  } catch {
    // The cache only saves time; a read-only home must not stop anyone.
  }
}

function cachedAddon(checkout) {
  const { version } = JSON.parse(readFileSync(join(checkout, 'node_modules', PACKAGE, 'package.json'), 'utf8'));
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime ? '-musl' : '';
  const name = `${PACKAGE}-${version}-${process.versions.modules}-${process.platform}-${process.arch}${musl}`;
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'hybridflow-versioning', 'native', name, 'better_sqlite3.node');
}

/** In a child process: an addon built for another Node may crash the process that loads it. */
async function loads(checkout, steps) {
  const script = `new (require('${PACKAGE}'))(':memory:').close()`;
  return (await runLogged(process.execPath, ['-e', script], { cwd: checkout, env: process.env, steps })) === 0;
}

/** Node's own headers, where they were installed with it, spare node-gyp a download. */
function buildEnvironment() {
  const env = { ...process.env };
  const prefix = dirname(dirname(process.execPath));
  const configured = Object.keys(env).some((name) => /^npm_(config|package_config_node_gyp)_nodedir$/i.test(name));
  if (!configured && existsSync(join(prefix, 'include', 'node', 'node.h'))) env.npm_config_nodedir = prefix;
  return env;
}

function buildFailure(steps) {
  const log = readFileSync(steps.logFile, 'utf8');
  const lacks = [
    [/not found: make|make: (command )?not found|spawn make ENOENT/i, 'make'],
    [/(g\+\+|c\+\+|clang\+\+|cc): (command )?not found|(g\+\+|c\+\+): No such file/i, 'a C++ compiler'],
    [/find Python .*not|Could not find any Python/i, 'Python 3'],
  ].flatMap(([sign, tool]) => (sign.test(log) ? [tool] : []));
  const what = lacks.length > 0 ? ` because this machine lacks ${lacks.join(' and ')}` : '';
  return steps.failure(
    `${PACKAGE}'s native addon could not be built${what}. The last lines were:`,
    'install a C++ compiler, make and Python 3 (Debian: apt install build-essential python3; macOS: xcode-select --install), then run the same command again.',
  );
}
