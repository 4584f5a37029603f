import { linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './process';

interface Ticket extends ProcessIdentity {
  host: string;
  released?: boolean;
}

export interface LockOptions {
  /** Called once if the lock is held by someone else, with the holder's pid. */
  onWait?: (pid: number) => void;
}

const POLL_MS = 100;

/**
 * Runs `work` while holding the lock `folder`, between processes and within one. A holder that died is
 * recognised by its pid and start time, so that a crash leaves nothing to clean up by hand.
 *
 * Tickets are numbered files: whoever makes the number after the highest one, once the highest one's owner
 * has let go or died, holds the lock. The highest ticket is never removed, so two processes can never both
 * believe that it is their turn. (scripts/lib/lock.mjs is the twin for the time before TypeScript runs.)
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, { onWait }: LockOptions = {}): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const number = await takeTicket(folder, onWait);
  const ticket = join(folder, String(number));
  try {
    return await work();
  } finally {
    place(folder, { ...ourselves(), released: true }, (own) => renameSync(own, ticket));
  }
}

async function takeTicket(folder: string, onWait?: (pid: number) => void): Promise<number> {
  for (let told = false; ;) {
    const highest = tickets(folder).at(-1) ?? 0;
    const holder = readTicket(join(folder, String(highest)));
    if (holder && isHeld(holder)) {
      if (!told) onWait?.(holder.pid);
      told = true;
      await pause(POLL_MS);
    } else if (claim(folder, highest + 1)) {
      return highest + 1;
    }
  }
}

/** Tries to make this ticket the highest. link() is atomic and fails where the file exists. */
function claim(folder: string, number: number): boolean {
  const file = join(folder, String(number));
  try {
    place(folder, ourselves(), (own) => linkSync(own, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  const present = tickets(folder);
  if (present.at(-1) !== number) {
    // Others came and went since the folder was read, and tidied the number away; theirs is the highest.
    rmSync(file, { force: true });
    return false;
  }
  for (const older of present.slice(0, -1)) rmSync(join(folder, String(older)), { force: true });
  return true;
}

/** Writes a ticket whole under a name of its own, then puts it in place. */
function place(folder: string, ticket: Ticket, move: (own: string) => void): void {
  const own = join(folder, `.${randomUUID()}`);
  writeFileSync(own, JSON.stringify(ticket));
  try {
    move(own);
  } finally {
    rmSync(own, { force: true });
  }
}

function tickets(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function readTicket(file: string): Ticket | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Ticket;
  } catch {
    return undefined;
  }
}

function isHeld(ticket: Ticket): boolean {
  if (ticket.released) return false;
  // Another machine's processes cannot be seen from here (a home folder on a network): believe the ticket.
  return ticket.host !== hostname() || isAlive(ticket);
}

function ourselves(): Ticket {
  const { pid, started } = identify(process.pid) ?? { pid: process.pid, started: 'unknown' };
  return { pid, started, host: hostname() };
}
