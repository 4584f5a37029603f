import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

/** A larger file is not held in memory for the sake of a few rows. */
const LARGEST_IMAGE = 64 * 1024 * 1024;

/** Where the header says in which mode the file is read and written: 1 with a rollback journal, 2 in WAL mode. */
const MODE_BYTES = [18, 19] as const;
const [JOURNAL_MODE, WAL_MODE] = [1, 2];

/** Byte 18 of the header is 2 in WAL mode; while anybody has such a database open, its -wal file exists. */
export function isIdleWal(path: string): boolean {
  if (existsSync(walOf(path))) return false;
  const header = Buffer.alloc(19);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false; // SQLite cannot open it either, and says why.
  }
  try {
    return readSync(file, header, 0, header.length, 0) === header.length && header[18] === WAL_MODE;
  } finally {
    closeSync(file);
  }
}

/**
 * All of an idle database in WAL mode, to be read in memory: such a file cannot be opened without making files beside
 * it. Undefined where it is too large, or was written to meanwhile.
 */
export function imageOf(path: string): Buffer | undefined {
  const file = openSync(path, 'r');
  try {
    const before = fstatSync(file, { bigint: true });
    if (before.size > LARGEST_IMAGE) return undefined;
    const image = readFileSync(file);
    const [here, after] = [fstatSync(file, { bigint: true }), statSync(path, { bigint: true })];
    const same = [here, after].every((now) => now.ino === before.ino && now.mtimeNs === before.mtimeNs);
    if (!same || existsSync(walOf(path)) || BigInt(image.length) !== before.size) return undefined;
    // In memory there is no log beside it, and SQLite insists on one in the other mode.
    for (const at of MODE_BYTES) image[at] = JOURNAL_MODE;
    return image;
  } finally {
    closeSync(file);
  }
}

function walOf(path: string): string {
  return `${path}-wal`;
}
