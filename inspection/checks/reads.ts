import type { ChapterKey, Offenders } from '../../domain/checks';
import { chapterIdOf, chapterOfChunk } from '../../domain/chunk-id';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl, ChunkPage } from '../../stores/ports';
import { ChunkTable, type Side } from './chunk-table';
import type { CheckedStores } from './context';

/** What one side's chunk ids came to. */
export interface ChunksRead {
  /** Points or paragraphs, with and without a chunk_id. */
  read: number;
  twice: Offenders;
  unnamed: Offenders;
}

/** What more than one check asks of the stores. Each is read when it is first asked for, and once. */
export interface Reads {
  chapters(): Promise<ChapterKey[]>;
  /** Exact. */
  points(): Promise<number>;
  /** Exact. */
  paragraphs(): Promise<number>;
  /** One reading of Qdrant for checks 3 and 4: `missing` are the chapters that no chunk_id names. */
  qdrant(): Promise<ChunksRead & { missing: ChapterKey[] }>;
  neo4j(): Promise<ChunksRead>;
  /** Filled by both readings, where check 4 is to run. */
  table: ChunkTable;
  /** Comes back once nothing is being read any more. */
  settled(): Promise<void>;
}

export function openReads(
  { metadata, vectors, graph }: CheckedStores,
  numbers: readonly number[],
  control: () => CallControl,
): Reads {
  const begun: Promise<unknown>[] = [];
  const once = <T>(read: () => Promise<T>): (() => Promise<T>) => {
    let answer: Promise<T> | undefined;
    return () => {
      if (!answer) begun.push((answer = read()));
      return answer;
    };
  };
  const table = new ChunkTable();
  const filled = numbers.includes(4) ? table : undefined;
  const chapters = once(async () => metadata.chapters());
  return {
    chapters,
    points: once(async () => (await vectors.status()).points),
    paragraphs: once(async () => graph.paragraphs()),
    qdrant: once(async () => {
      const missing = new Map((numbers.includes(3) ? await chapters() : []).map((key) => [chapterIdOf(key), key]));
      const seen = (chunkId: string) => missing.size > 0 && missing.delete(chapterOfChunk(chunkId) ?? '');
      const found = await readSide('Qdrant', vectors.chunks(control()), filled, seen);
      return { ...found, missing: [...missing.values()] };
    }),
    neo4j: once(() => readSide('Neo4j', graph.chunks(control()), filled)),
    table,
    settled: async () => void (await Promise.allSettled(begun)),
  };
}

async function readSide(
  side: Side,
  pages: AsyncIterable<ChunkPage>,
  table: ChunkTable | undefined,
  seen: (chunkId: string) => void = () => undefined,
): Promise<ChunksRead> {
  const twice = new OffenderTally();
  const unnamed = new OffenderTally();
  let read = 0;
  for await (const page of pages) {
    read += page.chunkIds.length + page.unnamed.length;
    for (const chunkId of page.chunkIds) {
      seen(chunkId);
      if (table?.add(side, chunkId) === 2) twice.add(`twice in ${side}: ${chunkId}`);
    }
    for (const handle of page.unnamed) unnamed.add(`without chunk_id in ${side}: ${handle}`);
  }
  return { read, twice: twice.result(), unnamed: unnamed.result() };
}
