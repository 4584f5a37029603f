// A lock between processes that a crash cannot leave behind. stack/toolchain/lock.ts is the same thing for the
// program itself; this one exists because the set-up runs before any TypeScript can.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `work` while holding the lock `folder`. Tickets are numbered files: who makes the next number (link()
 * fails where the file exists) after the highest one's owner has let go or died, holds the lock. The highest
 * ticket is never removed, so two processes can never both believe to be next.
 */
export async function withLock(folder, onWait, work) {
  mkdirSync(folder, { recursive: true });
  const ticket = await takeTicket(folder, onWait);
  try {
    return await work();
  } finally {
    writeTicket(folder, { released: true }, (own) => renameSync(own, join(folder, String(ticket))));
  }
}

async function takeTicket(folder, onWait) {
  const owner = { pid: process.pid, started: processStart(process.pid), host: hostname() };
  for (let waited = false; ;) {
    const highest = tickets(folder).at(-1) ?? 0;
    const holder = highest === 0 ? undefined : readTicket(join(folder, String(highest)));
    if (holder && isHeld(holder)) {
      if (!waited) onWait(holder);
      waited = true;
      await pause(100);
    } else if (claim(folder, highest + 1, owner)) {
      return highest + 1;
    }
  }
}

function claim(folder, number, owner) {
  const file = join(folder, String(number));
  try {
    writeTicket(folder, owner, (own) => linkSync(own, file));
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  if (tickets(folder).at(-1) !== number) {
    rmSync(file, { force: true });
    return false;
  }
  for (const older of tickets(folder)) if (older < number) rmSync(join(folder, String(older)), { force: true });
  return true;
}

function writeTicket(folder, content, place) {
  const own = join(folder, `.${process.pid}-${Date.now()}`);
  writeFileSync(own, JSON.stringify(content));
  try {
    place(own);
  } finally {
    rmSync(own, { force: true });
  }
}

function tickets(folder) {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function readTicket(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isHeld(ticket) {
  if (ticket.released) return false;
  return ticket.host !== hostname() || processStart(ticket.pid) === ticket.started;
}

/** When the process started, in the system's own terms; undefined where there is no such process. */
function processStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
