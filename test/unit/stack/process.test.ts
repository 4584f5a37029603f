import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentRecord, readRecord, writeRecord } from '../../../stack/services/records';
import { commandOf, identify, isAlive, processGroup } from '../../../stack/toolchain/process';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv-process-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const record = (process: { pid: number; started: string }) =>
  ({ service: 'qdrant', how: 'local', address: 'http://127.0.0.1:1', version: '1', process }) as const;

function own() {
  const identity = identify(process.pid);
  if (!identity) throw new Error('this process cannot be identified');
  return identity;
}

test('a running process is itself, and another start time under its pid is not', () => {
  expect(isAlive(own())).toBe(true);
  expect(isAlive({ ...own(), started: 'an earlier life' })).toBe(false);
});

test('a process that ended is gone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  const identity = identify(child.pid ?? 0);
  expect(identity && isAlive(identity)).toBe(true);
  expect(processGroup(child.pid ?? 0)).toBe(child.pid);
  expect(commandOf(child.pid ?? 0)).toContain('setInterval');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(identity && isAlive(identity)).toBe(false);
});

test('a record of a live process is kept', () => {
  writeRecord(root, record(own()));
  expect(currentRecord(root, 'qdrant')?.process).toEqual(own());
});

test('a record whose pid was given to another process is dropped, never believed', () => {
  writeRecord(root, record({ pid: process.pid, started: 'an earlier life' }));
  expect(currentRecord(root, 'qdrant')).toBeUndefined();
  expect(readRecord(root, 'qdrant')).toBeUndefined();
});
