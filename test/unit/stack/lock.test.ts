import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../../stack/toolchain/lock';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('only one holder at a time, and everyone gets a turn', async () => {
  let inside = 0;
  let most = 0;
  let turns = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
    turns++;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(folder, work)));
  expect({ most, turns }).toEqual({ most: 1, turns: 8 });
});

test('a holder that died is recognised at once', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(join(folder, '7'), JSON.stringify({ pid: dead, started: 'long ago', host: hostname() }));
  const onWait = jest.fn();
  await expect(withLock(folder, () => Promise.resolve('mine'), { onWait })).resolves.toBe('mine');
  expect(onWait).not.toHaveBeenCalled();
});

test('a pid that now belongs to another process does not hold the lock', async () => {
  writeFileSync(join(folder, '1'), JSON.stringify({ pid: process.pid, started: 'long ago', host: hostname() }));
  await expect(withLock(folder, () => Promise.resolve('mine'))).resolves.toBe('mine');
});

test('whoever waits is told for whom', async () => {
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = withLock(folder, () => held);
  let second: Promise<void> | undefined;
  const told = new Promise<number>((resolve) => {
    second = withLock(folder, () => Promise.resolve(), { onWait: resolve });
  });
  await expect(told).resolves.toBe(process.pid);
  release();
  await Promise.all([first, second]);
});

test('it is let go when the work fails, and leaves one ticket', async () => {
  await expect(withLock(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await withLock(folder, () => Promise.resolve());
  expect(readdirSync(folder)).toHaveLength(1);
});
