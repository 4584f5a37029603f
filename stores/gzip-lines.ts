import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** The errors for a file that cannot be read to its end; what has none is thrown as it came. */
export interface GzipFaults {
  missing?: () => Error;
  /** It is no gzip stream, or one that breaks off; `code` is the library's. */
  unreadable: (code: string) => Error;
  cutShort: () => Error;
}

/** The lines of a gzipped text, one at a time. A text that does not end with a line feed was cut short. */
export async function* gzipLines(file: string, faults: GzipFaults): AsyncGenerator<string> {
  const source = createReadStream(file);
  const text = source.pipe(createGunzip());
  // pipe() does not hand errors on: without this a missing file would be waited for without end.
  source.once('error', (error) => text.destroy(error));
  text.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' && faults.missing) throw faults.missing();
    throw code.startsWith('Z_') ? faults.unreadable(code) : error;
  } finally {
    source.destroy();
  }
  if (rest !== '') throw faults.cutShort();
}
