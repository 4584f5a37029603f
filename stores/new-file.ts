import { open, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { HybridFlowError } from '../domain/errors';

/**
 * Gives `write` a stream into a file that must not exist yet, and syncs the file to disk. A failure leaves no file;
 * one that was there before is never touched.
 *
 * @throws HybridFlowError ARTIFACT_WRITE_FAILED where the file system refuses; anything else as `write` threw it
 */
export async function writeNewFile<T>(file: string, write: (sink: Writable) => Promise<T>): Promise<T> {
  const handle = await open(file, 'wx').catch((error: unknown) => {
    throw asWriteFailure(error, file);
  });
  const sink = handle.createWriteStream();
  try {
    const result = await write(sink);
    await syncToDisk(file);
    return result;
  } catch (error) {
    sink.destroy();
    // The stream closes the file, unless it never began; closing twice is an error that must not hide the first one.
    await handle.close().catch(() => undefined);
    await rm(file, { force: true });
    throw asWriteFailure(error, file);
  }
}

/** Opened anew, because the stream closes its file: a pipeline waits without end for one that does not. */
async function syncToDisk(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function asWriteFailure(error: unknown, file: string): unknown {
  const { syscall = '', code } = error as NodeJS.ErrnoException;
  if (!['open', 'write', 'writev', 'fsync', 'close'].includes(syscall)) return error;
  return new HybridFlowError(
    'ARTIFACT_WRITE_FAILED',
    { found: `${file} cannot be written: ${(error as Error).message}`, details: { code } },
    { cause: error },
  );
}
