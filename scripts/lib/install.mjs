// Makes node_modules what package-lock.json says, with the native addon in place.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureAddon } from './addon.mjs';
import { withLock } from './lock.mjs';
import { runLogged } from './run.mjs';
import { Steps } from './steps.mjs';

/** Installs what is missing. Costs a hash of the lock file where nothing is. */
export async function ensureInstalled(checkout) {
  const stampFile = join(checkout, 'node_modules', '.hybridflow-setup');
  const isDone = () => readText(stampFile) === stampOf(checkout);
  if (isDone()) return;
  const folder = join(checkout, '.stack', 'run', 'setup.lock');
  const onWait = ({ pid }) =>
    console.error(`[set-up] another set-up of this checkout is running (pid ${pid}); waiting for it`);
  await withLock(folder, onWait, async () => {
    if (isDone()) return;
    const steps = new Steps(join(checkout, '.stack', 'logs', 'bootstrap.log'));
    // A crash half way must not leave a stamp that says otherwise.
    rmSync(stampFile, { force: true });
    if (isInstalled(checkout)) steps.say('the packages are installed already');
    else await installPackages(checkout, steps);
    await ensureAddon(checkout, steps);
    writeFileSync(`${stampFile}.new`, stampOf(checkout));
    renameSync(`${stampFile}.new`, stampFile);
    steps.say('ready');
  });
}

function stampOf(checkout) {
  const lock = createHash('sha256')
    .update(readFileSync(join(checkout, 'package-lock.json')))
    .digest('hex');
  return `${lock} abi ${process.versions.modules} ${process.platform} ${process.arch}`;
}

/** True where npm's own record says that every package this platform needs is there at the locked version. */
function isInstalled(checkout) {
  const installed = packagesOf(join(checkout, 'node_modules', '.package-lock.json'));
  const wanted = packagesOf(join(checkout, 'package-lock.json'));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '' || (optional && !installed[path])) return true;
    return installed[path]?.version === version && existsSync(join(checkout, path, 'package.json'));
  });
}

function packagesOf(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

async function installPackages(checkout, steps) {
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  steps.say('installing the packages (npm ci)');
  if ((await npm(checkout, steps, ['ci', ...quiet])) === 0) return;
  // npm ci wants every other platform's optional packages in the lock file, and a lock file that was written
  // against a mirror without them lacks some. npm install keeps the locked versions and leaves the file alone.
  if (!steps.tail(200).includes('EUSAGE')) throw installFailure(steps);
  steps.say('npm ci refuses the lock file; installing the locked versions with npm install instead');
  if ((await npm(checkout, steps, ['install', '--no-save', ...quiet])) !== 0) throw installFailure(steps);
}

function installFailure(steps) {
  return steps.failure(
    'The packages could not be installed. The last lines of npm were:',
    'check that the npm registry can be reached (npm ping), then run the same command again.',
  );
}

/** Runs the npm that started us, else the one on PATH. */
export function npm(checkout, steps, args, env = process.env) {
  const started = process.env.npm_execpath;
  const own = started !== undefined && /npm-cli\.c?js$/.test(started);
  const [command, first] = own ? [process.execPath, [started]] : ['npm', []];
  return runLogged(command, [...first, ...args], { cwd: checkout, env, steps });
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
