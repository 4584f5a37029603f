import { rmSync } from 'node:fs';
import { isAlive } from '../toolchain/process';
import { paths, readOrUndefined, writeWhole } from './paths';
import type { ServiceName, StartRecord } from './types';

/** What this root started and has not stopped. A record whose process is gone is removed: its pid means nothing. */
export function currentRecord(root: string, service: ServiceName): StartRecord | undefined {
  const record = readRecord(root, service);
  if (record === undefined || isCurrent(record)) return record;
  removeRecord(root, service);
  return undefined;
}

/** The record as it is on disk, whether or not its process lives. */
export function readRecord(root: string, service: ServiceName): StartRecord | undefined {
  const text = readOrUndefined(paths.record(root, service));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as StartRecord;
  } catch {
    return undefined;
  }
}

/** True where what the record tells of is still there: for a process, the same one and not just the same pid. */
export function isCurrent(record: StartRecord): boolean {
  return record.how === 'docker' || (record.process !== undefined && isAlive(record.process));
}

export function writeRecord(root: string, record: StartRecord): void {
  writeWhole(paths.record(root, record.service), `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

export function removeRecord(root: string, service: ServiceName): void {
  rmSync(paths.record(root, service), { force: true });
}
