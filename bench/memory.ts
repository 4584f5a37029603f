import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Most memory that a process held at any one time, in bytes; null where the system does not tell. */
export function peakMemory(pid: number): number | null {
  return statusOf(pid, 'VmHWM');
}

/** Memory that a process holds now, in bytes; null where the system does not tell. */
export function residentMemory(pid: number): number | null {
  return statusOf(pid, 'VmRSS');
}

/** How many files, sockets and the like a process has open; null where the system does not tell. */
export function openFiles(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}

function statusOf(pid: number, name: string): number | null {
  try {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
  } catch {
    // No /proc (macOS), or the process has ended.
    return null;
  }
}

/** Lets the peak start anew at what is held now. False where the system cannot do that. */
export function forgetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}
