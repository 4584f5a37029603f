import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/**
 * The lines of a gzipped text, one at a time. `refuse` makes the error for a file that is missing, no gzip stream, or cut
 * short, be it within a line.
 */
export async function* gzipLines(file: string, refuse: (found: string) => Error): AsyncGenerator<string> {
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
    if (code === 'ENOENT') throw refuse('is missing');
    throw code.startsWith('Z_') ? refuse(`is no readable gzip stream (${code})`) : error;
  } finally {
    source.destroy();
  }
  if (rest !== '') throw refuse('ends within a line: it was cut short');
}
