import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { StoreMark } from '../../domain/consistency';
import { databaseInvalid, databaseMissing } from './errors';
import type { Source } from './open';

const HEADER_BYTES = 100;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Where the writes to the file stand, without opening it as a database and so without a lock.
 *
 * With a rollback journal every commit raises the change counter in the header. In WAL mode a commit is a frame at the
 * end of the log; where there is none, all commits are in the file, which the last writer touched when it left. The
 * file's identity and time tell a file that was put in its place. Reads change none of it, except that the last one to
 * leave a log moves what is in it into the file: that looks like a write, never the other way round.
 */
export function markOf({ path }: Source): StoreMark {
  const at = new Date().toISOString();
  const file = headOf(path);
  if (!file) throw databaseMissing(path);
  if (file.head.length < HEADER_BYTES) throw databaseInvalid(path, 'it is too short for a database');
  const { dev, ino, size, mtimeNs } = file;
  const counter = file.head.readUInt32BE(24);
  const mode = file.head[18] === 2 ? `wal ${lastCommit(`${path}-wal`)}` : 'journal';
  return { at, value: `${mode}; counter ${counter}; file ${dev}:${ino}, ${size} bytes, ${mtimeNs} ns` };
}

interface Head {
  dev: bigint;
  ino: bigint;
  size: bigint;
  mtimeNs: bigint;
  head: Buffer;
}

function headOf(path: string): Head | undefined {
  const file = openUnlessMissing(path);
  if (file === undefined) return undefined;
  try {
    const found = fstatSync(file, { bigint: true });
    if (!found.isFile()) throw databaseInvalid(path, 'it is not a regular file');
    const { dev, ino, size, mtimeNs } = found;
    return { dev, ino, size, mtimeNs, head: readAt(file, 0, HEADER_BYTES) };
  } finally {
    closeSync(file);
  }
}

/**
 * The last commit in the log: its frame, and the checksum there, which covers all that stands before it. A log is
 * begun anew with other salts, so frames of an earlier round end the walk.
 */
function lastCommit(path: string): string {
  const file = openUnlessMissing(path);
  if (file === undefined) return 'none';
  try {
    const head = readAt(file, 0, WAL_HEADER_BYTES);
    if (head.length < WAL_HEADER_BYTES) return 'none';
    const pageSize = head.readUInt32BE(8);
    const salts = head.subarray(16, 24);
    let last = 'none';
    for (let frame = 1; ; frame += 1) {
      const at = WAL_HEADER_BYTES + (frame - 1) * (FRAME_HEADER_BYTES + pageSize);
      const found = readAt(file, at, FRAME_HEADER_BYTES);
      if (found.length < FRAME_HEADER_BYTES || !found.subarray(8, 16).equals(salts)) return last;
      // Only a frame that ends a commit tells the size of the database.
      if (found.readUInt32BE(4) > 0) last = `frame ${frame}, ${found.subarray(8).toString('hex')}`;
    }
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}

function openUnlessMissing(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw databaseInvalid(path, (error as Error).message, error);
  }
}
