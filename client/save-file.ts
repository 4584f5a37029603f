import { writeFile } from 'node:fs/promises';
import { HybridFlowError } from '../domain/errors';

/**
 * Writes what a command was asked to keep, readable by its owner alone.
 *
 * @param option the option that named the file, for the error: `--output`
 * @throws HybridFlowError CONFIG_INVALID where it cannot be written
 */
export async function saveFile(path: string, text: string, option: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600 });
  } catch (cause) {
    throw new HybridFlowError(
      'CONFIG_INVALID',
      {
        found: `${path} cannot be written: ${(cause as Error).message}`,
        expected: 'a file in a folder that exists and may be written',
        next: `name another file with ${option}`,
      },
      { cause },
    );
  }
}
