import type { CallControl, ChunkPage, GraphChecks, MetadataChecks, VectorChecks } from '../../../stores/ports';

/** As many chunk ids as asked for, in order, spread over the three chapters that {@link fakeMetadataChecks} names. */
export function fakeChunkIds(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    return `bailey:ch${1 + Math.floor((3 * i) / count)}:${String(i).padStart(6, '0')}`;
  });
}

export function fakeMetadataChecks(): MetadataChecks {
  return { chapters: () => ['1', '2', '3'].map((chapterNumber) => ({ textbookId: 'bailey', chapterNumber })) };
}

/** The points of the first chunks; those beyond them have chunk ids that nobody else has. */
export function fakeVectorChecks(points: () => number, chunkIds: () => readonly string[]): VectorChecks {
  return {
    chunks: (control) =>
      onePage(
        Array.from({ length: points() }, (_, i) => chunkIds()[i] ?? `bailey:ch1:extra${i}`),
        control,
      ),
  };
}

/** A sound graph. */
export function fakeGraphChecks(chunkIds: () => readonly string[]): GraphChecks {
  const none = { total: 0, samples: [] };
  return {
    paragraphs: async () => chunkIds().length,
    chunks: (control) => onePage([...chunkIds()], control),
    orphans: async () => none,
    brokenChains: async () => ({ ...none, chapters: 3 }),
    invalidCrossReferences: async () => ({ ...none, carrying: 0 }),
  };
}

async function* onePage(chunkIds: string[], control?: CallControl): AsyncGenerator<ChunkPage, void, void> {
  control?.onProgress?.(chunkIds.length);
  yield { chunkIds, unnamed: [] };
}
