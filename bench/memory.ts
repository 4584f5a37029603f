import { readFileSync, writeFileSync } from 'node:fs';

/** Most memory that a process held at any one time, in bytes; null where the system does not tell. */
export function peakMemory(pid: number): number | null {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
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
