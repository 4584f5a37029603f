import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandProbe } from '../../../domain/probes';
import { commandProbe, runCommand } from '../../../inspection/probes/command';
import { failureOf } from '../../support/errors';
import { until } from '../../support/until';

jest.setTimeout(30_000);

let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'hfv-command-')))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const command = (argv: string[], given: Partial<CommandProbe> = {}): CommandProbe => ({
  ...{ name: 'a command', argv, timeoutSeconds: 20, maxBytes: 10_000 },
  ...given,
});
const node = (script: string, given: Partial<CommandProbe> = {}) =>
  command([process.execPath, '-e', script], { cwd: folder, ...given });
const run = (probe: CommandProbe, secrets: string[] = []) => runCommand(probe, secrets);
const failure = async (probe: CommandProbe, secrets: string[] = []) => {
  const error = await failureOf(run(probe, secrets));
  expect(error.code).toBe('PROBE_FAILED');
  return error.facts.found;
};

/** A process that is gone, or that only waits to be reaped by whoever adopted it. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return existsSync('/proc') && /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/**
 * A program whose child ignores SIGTERM and never ends; the child writes both pids to a file once that is so.
 * `output` is where the child's own output goes.
 */
const hang = (given: Partial<CommandProbe>, { end = 'wait', output = '' } = {}) =>
  command(['sh', '-c', `(trap '' TERM; exec sh -c 'echo "$0 $$" > pids; exec sleep 1000' $$ ${output}) & ${end}`], {
    cwd: folder,
    ...given,
  });
const family = () =>
  until(
    'the family',
    () => (existsSync(join(folder, 'pids')) ? pids() : []),
    ({ length }) => length === 2,
  );
const pids = () => readFileSync(join(folder, 'pids'), 'utf8').split(' ').map(Number).filter(Boolean);
const gone = (members: number[]) =>
  until(
    'their end',
    () => members.map(isGone),
    (all) => all.every(Boolean),
  );

test('the answer is the hash of what was printed, to the byte', async () => {
  const text = 'one\ntwo\n\0three';
  const sha256 = createHash('sha256').update(text).digest('hex');
  expect(await run(node(`process.stdout.write(${JSON.stringify(text)})`))).toEqual({ sha256, results: 3 });
  expect(await run(node(`process.stdout.write(${JSON.stringify(`${text}\n`)})`))).toMatchObject({ results: 3 });
});

test('arguments reach the program as they are, without a shell', async () => {
  const odd = '$(touch made); "quotes" * && exit 3';
  const probe = command([process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', odd], {
    cwd: folder,
  });
  const expected = createHash('sha256')
    .update(`${JSON.stringify([odd])}\n`)
    .digest('hex');
  expect((await run(probe)).sha256).toBe(expected);
  expect(existsSync(join(folder, 'made'))).toBe(false);
});

test('the program works in the folder that was named, with the environment of the worker', async () => {
  process.env.HFV_PROBE_TEST = 'seen';
  try {
    const printed = (text: string) => createHash('sha256').update(text).digest('hex');
    const { sha256 } = await run(node('process.stdout.write(process.cwd() + process.env.HFV_PROBE_TEST)'));
    expect(sha256).toBe(printed(`${folder}seen`));
  } finally {
    delete process.env.HFV_PROBE_TEST;
  }
});

test.each([
  ['does not exist', command(['/no/such/program']), /cannot be started \(ENOENT\)/],
  [
    'has no folder',
    command(['true'], { cwd: '/no/such/folder' }),
    /cannot be started in \/no\/such\/folder \(ENOENT\)/,
  ],
  ['is not executable', command([__filename]), /cannot be started \(EACCES\)/],
  [
    'ends with a failure',
    node('console.error("the index\\n is broken"); process.exit(3)'),
    /^it ended with exit code 3: the index is broken$/,
  ],
  ['crashes', node('process.kill(process.pid, "SIGSEGV")'), /ended by SIGSEGV/],
  ['prints nothing', node(''), /printed nothing/],
  ['fails after it printed', node('console.log("half"); process.exitCode = 1'), /exit code 1/],
])('a program that %s is a failure', async (_, probe, said) => {
  expect(await failure(probe)).toMatch(said);
});

test('the error shows the end of stderr, short and without secrets', async () => {
  const script = `console.error('x'.repeat(50000) + ' password is hunter22 at bolt://me:pw@host'); process.exit(1)`;
  const said = await failure(node(script, { maxBytes: 1e6 }), ['hunter22']);
  expect(said).toMatch(/password is \*\*\* at bolt:\/\/\*\*\*@host$/);
  expect(said.length).toBeLessThan(400);
});

test('a program that hangs is killed, and every process that it started', async () => {
  const call = failure(hang({ timeoutSeconds: 2 }));
  const members = await family();
  expect(await call).toBe('it took longer than 2 s and was killed');
  await gone(members);
});

test('a process of a killed program that does not hold its output is killed too', async () => {
  const call = failure(hang({ timeoutSeconds: 2 }, { output: '> /dev/null 2>&1' }));
  const members = await family();
  expect(await call).toMatch(/longer than 2 s/);
  await gone(members);
});

test('a program that ends while its child holds the output is waited for no longer than its time', async () => {
  const call = failure(hang({ timeoutSeconds: 2 }, { end: 'exit 0' }));
  const members = await family();
  expect(await call).toMatch(/longer than 2 s/);
  await gone(members);
});

test.each([
  ['prints', ['yes', 'a long line that is repeated without end'], /printed more than 10000 bytes and was killed/],
  ['complains', ['sh', '-c', 'yes >&2'], /complained in more than 10000 bytes and was killed/],
])('a program that %s without end is killed, and nothing of it is kept', async (_, argv, said) => {
  const before = process.memoryUsage();
  expect(await failure(command(argv))).toMatch(said);
  const { external, arrayBuffers } = process.memoryUsage();
  expect(external + arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(20e6);
});

test('many bytes within the limit are hashed as they come', async () => {
  const probe = command(['sh', '-c', 'yes | head -c 50000000'], { maxBytes: 50_000_000 });
  expect(await run(probe)).toMatchObject({ results: 25_000_000 });
});

test('a cancelled capture ends its program', async () => {
  const controller = new AbortController();
  const call = runCommand(hang({ timeoutSeconds: 600 }), [], controller.signal);
  const members = await family();
  controller.abort(new Error('the attempt was cancelled'));
  await expect(call).rejects.toThrow('the attempt was cancelled');
  await gone(members);
  await expect(runCommand(node(''), [], controller.signal)).rejects.toThrow('the attempt was cancelled');
});

test('it is timed as often as it takes to judge it, and less where a run takes long, unless it was judged before', () => {
  const rounds = (given: Partial<CommandProbe>, repeats: number, firstMs: number) =>
    commandProbe(command(['true'], given), repeats, []).roundsAfter?.(firstMs);
  expect(commandProbe(command(['true']), 7, [])).toMatchObject({ name: 'command a command', warmUps: 1, rounds: 5 });
  expect([rounds({}, 7, 100), rounds({}, 2, 100), rounds({}, 7, 5_000), rounds({}, 1, 5_000)]).toEqual([5, 2, 2, 1]);
  expect([rounds({ samples: 5 }, 7, 60_000), rounds({ samples: 2 }, 7, 100)]).toEqual([5, 2]);
});
