import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { open } from 'node:fs/promises';
import { fsyncFile } from './disk';

export interface Sized {
  bytes: number;
  sha256: string;
}

const CHUNK = 1 << 20;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** Whether it begins as gzip does: packing it once more would gain nothing. */
export async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.equals(GZIP_MAGIC);
  } finally {
    await handle.close();
  }
}

/** Packs a file into another, which must not exist, and makes it last. */
export async function pack(from: string, to: string): Promise<void> {
  const target = createWriteStream(to, { flags: 'wx', mode: 0o600 });
  await pipeline(createReadStream(from, { highWaterMark: CHUNK }), createGzip(), target);
  await fsyncFile(to);
}

/**
 * Unpacks a file into another, which must not exist, and makes it last. Throws where it cannot be unpacked to its end;
 * what came before lies there all the same.
 */
export async function unpack(from: string, to: string): Promise<void> {
  const target = createWriteStream(to, { flags: 'wx', mode: 0o600 });
  await pipeline(createReadStream(from, { highWaterMark: CHUNK }), createGunzip(), target);
  await fsyncFile(to);
}

/** Reads a packed file once: what lies there, and what it unpacks to. Throws where it cannot be unpacked. */
export async function readPacked(path: string): Promise<{ stored: Sized; unpacked: Sized }> {
  const [stored, unpacked] = [new Tally(), new Tally()];
  await pipeline(
    createReadStream(path, { highWaterMark: CHUNK }),
    stored.passing(),
    createGunzip(),
    unpacked.passing(),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) void chunk;
    },
  );
  return { stored: stored.sized(), unpacked: unpacked.sized() };
}

class Tally {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  passing(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#hash.update(chunk);
        this.#bytes += chunk.length;
        done(null, chunk);
      },
    });
  }

  sized(): Sized {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}
