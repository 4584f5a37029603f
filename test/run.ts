import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withLock } from '../stack/toolchain/lock';
import { down } from '../stack/stack';
import { startStack, TEST_ROOT } from './support/stack';

/**
 * The whole test command: lint, formatting and types, then every suite against a stack of its own. Its last
 * line is the honest total, and its exit code says the same. Arguments are passed to jest.
 */
const CHECKS: [string, string[]][] = [
  ['types', ['tsc', '--noEmit']],
  ['lint', ['eslint', '.', '--max-warnings', '0']],
  ['format', ['prettier', '--check', '.', '--log-level', 'warn']],
];

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(args: string[]): Promise<number> {
  mkdirSync(TEST_ROOT, { recursive: true });
  const onWait = (pid: number) => say(`another test run of this checkout is at work (pid ${pid}): waiting for it`);
  return withLock(join(TEST_ROOT, 'run.lock'), () => run(args), { onWait });
}

async function run(args: string[]): Promise<number> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  if (args.length === 0) {
    for (const [name, [program = '', ...rest]] of CHECKS) await check(name, program, rest, totals);
  }
  try {
    const lanes = args.length > 0 ? [{ name: 'named', root: TEST_ROOT, args }] : LANES;
    for (const { root } of lanes) {
      say(`starting the services of the tests in ${relative(process.cwd(), root)}`);
      await startStack(root);
    }
    await Promise.all(lanes.map((lane) => jest(lane, totals)));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    totals.failed += 1;
  } finally {
    for (const { root } of [{ root: TEST_ROOT }, ...LANES]) if (existsSync(root)) await down({ root });
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  say(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

async function check(name: string, program: string, args: string[], totals: Totals): Promise<void> {
  const startedAt = Date.now();
  const code = await command(program, args);
  say(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  totals[code === 0 ? 'passed' : 'failed'] += 1;
}

interface Lane {
  name: string;
  /** Where its services live: its own, since tests find their stores empty and leave them so. */
  root: string;
  args: string[];
}

/** Suites side by side that take about as long; each lane runs its files one after the other. */
const LANES: readonly Lane[] = [
  lane('parts', ['unit', 'replay', 'workflow', 'contract', 'crash']),
  lane('whole', ['integration']),
];

function lane(name: string, suites: readonly string[]): Lane {
  return { name, root: `${TEST_ROOT}-${name}`, args: ['--selectProjects', ...suites] };
}

/** The result file is jest's own, so no total is made up. */
async function jest({ root, args }: Lane, totals: Totals): Promise<void> {
  const outputFile = join(root, 'jest.json');
  rmSync(outputFile, { force: true });
  const given = ['--runInBand', '--json', `--outputFile=${outputFile}`, ...args];
  const code = await command('jest', given, { output: 'stderr only', env: { HFV_TEST_ROOT: root } });
  const result = JSON.parse(readFileSync(outputFile, 'utf8')) as JestResult;
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  // Whatever jest counts as wrong beyond its tests (a suite that did not load, say) must not pass for green.
  const told = result.numFailedTests + result.numRuntimeErrorTestSuites;
  if (code !== 0 && told === 0) totals.failed += 1;
}

interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
}

interface CommandOptions {
  output?: 'all' | 'stderr only';
  env?: Record<string, string>;
}

function command(program: string, args: string[], { output = 'all', env }: CommandOptions = {}): Promise<number> {
  const bin = join(__dirname, '..', 'node_modules', '.bin', program);
  const stdio: ('inherit' | 'ignore')[] = ['ignore', output === 'all' ? 'inherit' : 'ignore', 'inherit'];
  return new Promise((resolve, reject) => {
    const child = spawn(bin, args, { stdio, cwd: join(__dirname, '..'), env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
