import fsSync, { writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';

/**
 * A process that is killed at its n-th change of the disk: that one and everything after it, the tidying up included,
 * does not happen. Reads still do.
 */
export class KilledAt {
  changes = 0;

  constructor(private readonly at: number) {
    for (const name of ['mkdir', 'rename', 'rm', 'link', 'copyFile', 'writeFile'] as const) {
      const original = fs[name].bind(fs) as (...args: unknown[]) => Promise<unknown>;
      jest
        .spyOn(fs, name)
        .mockImplementation(((...args: unknown[]) =>
          this.dies() ? Promise.reject(new Error(`killed at ${name}`)) : original(...args)) as never);
    }
    const open = fsSync.createWriteStream.bind(fsSync);
    jest.spyOn(fsSync, 'createWriteStream').mockImplementation(((path: string, options: object) => {
      // Half a file is what such a kill leaves.
      if (this.dies()) {
        writeFileSync(path, 'half a fi');
        throw new Error('killed at createWriteStream');
      }
      return open(path, options);
    }) as never);
  }

  /** Counts a change; true from the n-th on. */
  dies(): boolean {
    this.changes += 1;
    return this.changes >= this.at;
  }
}
