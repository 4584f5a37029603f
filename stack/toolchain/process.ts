import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the system's own terms; compared, never computed with. */
  started: string;
}

/** Identifies a running process; undefined where there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedLinux(pid) : ps(pid, 'lstart=');
  return started === undefined ? undefined : { pid, started };
}

/** True while exactly this process runs, and not another one that was given its pid. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}

/** The process group of a pid; undefined where there is no such process. */
export function processGroup(pid: number): number | undefined {
  const text = process.platform === 'linux' ? statFields(pid)?.[2] : ps(pid, 'pgid=');
  return text === undefined ? undefined : Number(text);
}

/** The command line of a process, for a message; undefined where it cannot be told. */
export function commandOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  const words = readOrUndefined(`/proc/${pid}/cmdline`)?.split('\0').join(' ').trim();
  return words === '' ? undefined : words;
}

/** A variable of a process's environment as it was started. Linux only; undefined elsewhere or where not permitted. */
export function environmentOf(pid: number, name: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const entry = readOrUndefined(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((line) => line.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

function startedLinux(pid: number): string | undefined {
  const fields = statFields(pid);
  if (fields === undefined || (fields[0] === 'Z' && !hasThreads(pid)) || fields[0] === 'X') return undefined;
  // Ticks since boot repeat after a reboot; the boot's own id tells the two apart.
  return `${bootId()}/${fields[19]}`;
}

/** A killed process is a zombie while its other threads still end, and until then it holds its ports and files. */
function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** /proc/<pid>/stat from the state on; the command before it may hold spaces and parentheses. */
function statFields(pid: number): string[] | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? 'boot';
  return knownBootId;
}

function ps(pid: number, field: string): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', field, '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() || undefined : undefined;
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
