import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLog } from '../../../inspection/health/logs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const since = new Date('2026-03-01T12:00:00Z');

function log(...lines: string[]): string {
  const path = join(folder, 'service.log');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
const read = (path: string, more = {}) => readLog(path, { since, secrets: ['hunter2'], ...more });

/** As a writer without a zone puts this machine's time. */
function local(moment: string): string {
  const at = new Date(moment);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.000`;
}

test.each([
  '2026-03-01 12:00:01.000+0000 ERROR [o.n.k.i] out of memory',
  '2026-03-01T12:00:01.123456Z ERROR qdrant::actix: refused',
  '{"level":"error","ts":"2026-03-01T12:00:01.000Z","msg":"no"}',
  '{"level":"fatal","ts":1772366401.5,"msg":"no"}',
  '{"level":50,"time":1772366401000,"msg":"no"}',
  `time=${local('2026-03-01T12:00:01Z')} level=ERROR msg="no"`,
  '2026-03-01T14:00:01+0200 panic: runtime error',
  '2026-03-01 12:00:01Z ERROR: root: no',
])('counts what is an error, however it is written: %s', async (line) => {
  expect(await read(log(line))).toMatchObject({ readable: true, errors: 1, undated: 0, samples: [line], note: null });
  expect(await read(log(line), { since: new Date('2026-03-01T12:00:02Z') })).toMatchObject({ errors: 0, samples: [] });
});

test.each([
  '2026-03-01T12:00:01Z INFO there was no error at all',
  '{"level":"info","ts":"2026-03-01T12:00:01.000Z","error":null}',
  '{"level":30,"time":1772366401000,"msg":"x"}',
  'time=2026-03-01T12:00:01.000 level=WARN msg="x" Error="connection refused"',
])('leaves alone what is none: %s', async (line) => expect(await read(log(line))).toMatchObject({ errors: 0 }));

test('a line without a time belongs to the one before it; without any it is counted, and said so', async () => {
  const lines = ['2026-03-01T11:00:00Z INFO old', 'panic: old', '2026-03-01T12:30:00Z INFO new', 'panic: new'];
  expect(await read(log(...lines))).toMatchObject({ errors: 1, undated: 0, samples: ['panic: new'] });
  expect(await read(log('panic: who knows when', ...lines))).toMatchObject({ errors: 2, undated: 1 });
});

test('shows the last five, masked before they are cut', async () => {
  const line = (n: number) => `2026-03-01T12:00:0${n}Z ERROR ${n} bolt://neo4j:other@db hunter2 ${'x'.repeat(290)}`;
  const { errors, samples } = await read(log(...[1, 2, 3, 4, 5, 6, 7].map(line)));
  expect(errors).toBe(7);
  expect(samples.map((sample) => /ERROR (\d)/.exec(sample)?.[1])).toEqual(['3', '4', '5', '6', '7']);
  expect(samples.join()).not.toMatch(/hunter2|other/);
  expect(samples.every((sample) => sample.length <= 300)).toBe(true);
});

test('reads no more than the end, and says so where that may hide something', async () => {
  const errors = Array.from({ length: 100 }, () => '2026-03-01T12:00:01Z ERROR again');
  const path = log(...errors);
  const found = await read(path, { tailBytes: 400 });
  expect(found.errors).toBeLessThan(15);
  expect(found.errors).toBeGreaterThan(8);
  expect(found.note).toMatch(/only the last \d+ bytes/);
  // Where the end reaches back to before the moment, nothing is hidden.
  const old = log(...errors, '2026-03-01T11:59:00Z INFO old', '2026-03-01T12:00:01Z ERROR new');
  expect(await read(old, { tailBytes: 80 })).toMatchObject({ errors: 1, note: null });
});

test('what cannot be read is said so: missing, a folder, a pipe that nobody writes to', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const [path, why] of [
    [join(folder, 'absent'), /ENOENT/],
    [folder, /no file/],
    [pipe, /no file/],
  ] as const) {
    expect(await read(path)).toMatchObject({ readable: false, errors: 0, note: expect.stringMatching(why) as string });
  }
});
