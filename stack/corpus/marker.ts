import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { HybridFlowError } from '../../domain/errors';

/**
 * The seeder's own note beside metadata.db: what it is making or has made there. It is written before the first
 * write to any store, so that whatever a crash leaves can be told from somebody's data. It says what to look for;
 * what is deleted is decided by the contents (ownership.ts), never by the note alone.
 */
const markerSchema = z.object({
  format: z.literal(1),
  state: z.enum(['seeding', 'seeded']),
  paragraphs: z.number().int(),
  seed: z.number().int(),
  writer: z.object({ host: z.string(), pid: z.number().int() }),
  counts: z
    .object({
      sqlite: z.object({ chapters: z.number(), byTextbook: z.record(z.string(), z.number()) }),
      qdrant: z.object({ points: z.number() }),
      neo4j: z.object({ nodes: z.number(), relationships: z.number(), paragraphs: z.number() }),
    })
    .optional(),
  digest: z.string().optional(),
});

export type Marker = z.output<typeof markerSchema>;

/** A writer that has not touched its marker for so long is gone, even where its pid is in use again. */
const WRITER_SILENT_MS = 60_000;

export function markerFile(metadataDb: string): string {
  return `${metadataDb}.seed.json`;
}

/** The marker beside metadata.db, if there is one. One that cannot be read proves nothing: it is refused. */
export function readMarker(metadataDb: string): Marker | undefined {
  const file = markerFile(metadataDb);
  try {
    return markerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const facts = {
      found: `${file} is not a marker that this version of the seeder wrote`,
      next: 'look at it, then move it away',
    };
    throw new HybridFlowError('SEED_REFUSED', facts, { cause });
  }
}

/** Writes the marker so that a crash leaves the old one or the new one, whole. */
export function writeMarker(metadataDb: string, marker: Omit<Marker, 'format' | 'writer'>): void {
  const file = markerFile(metadataDb);
  const whole: Marker = { format: 1, ...marker, writer: { host: hostname(), pid: process.pid } };
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    writeSync(descriptor, `${JSON.stringify(whole, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** Shows that the writer is still at work. */
export function touchMarker(metadataDb: string): void {
  const now = new Date();
  utimesSync(markerFile(metadataDb), now, now);
}

export function removeMarker(metadataDb: string): void {
  rmSync(markerFile(metadataDb), { force: true });
}

/** Refuses where another process is writing this very corpus: what it made so far is not the leaving of a crash. */
export function refuseWhileWritten(metadataDb: string, marker: Marker): void {
  const { pid, host } = marker.writer;
  if (marker.state !== 'seeding' || (pid === process.pid && host === hostname())) return;
  const silent = Date.now() - statSync(markerFile(metadataDb)).mtimeMs > WRITER_SILENT_MS;
  if (silent || (host === hostname() && !isAlive(pid))) return;
  throw new HybridFlowError('BASE_BUSY', {
    found: `Another process is seeding these stores (pid ${pid} on ${host})`,
    next: 'wait until it has ended, then try again',
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
