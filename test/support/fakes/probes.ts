import type { ProbeSettings } from '../../../domain/probes';
import type { Embedder, GraphSearch, HierarchyNode, VectorSearch } from '../../../stores/ports';

/** Makes a vector of a text's length, and counts how often it was asked. */
export class FakeEmbedder implements Embedder {
  readonly name = 'fake';
  asked: string[] = [];

  async embed(texts: readonly string[], dimension: number): Promise<number[][]> {
    this.asked.push(...texts);
    return texts.map((text) => Array.from({ length: dimension }, (_, i) => (i === 0 ? text.length : 1)));
  }
}

/** Answers every search with the same few chunks, for probes that only have to answer. */
export function fakeVectorSearch(chunkIds: () => readonly string[]): VectorSearch {
  return {
    nearest: async (_, limit) =>
      chunkIds()
        .slice(0, limit)
        .map((chunkId, i) => ({ id: `point of ${chunkId}`, score: 1 - i / 100, chunkId })),
  };
}

export function fakeGraphSearch(chunkIds: () => readonly string[]): GraphSearch {
  const paragraph = (chunkId: string): HierarchyNode => ({
    kind: 'Paragraph',
    properties: { chunk_id: chunkId, text: `text of ${chunkId}` },
    children: [],
  });
  return {
    texts: async (wanted) => Object.fromEntries(wanted.map((chunkId) => [chunkId, `text of ${chunkId}`])),
    hierarchy: async (id) => ({ kind: 'Chapter', properties: { id }, children: chunkIds().map(paragraph) }),
    firstChapters: async (limit) => ['bailey:ch1'].slice(0, limit),
  };
}

/** Few rounds, so that tests of workflows lose no time with them. */
export const FAKE_PROBES: ProbeSettings = {
  queries: ['lung anatomy'],
  chapters: [],
  limit: 5,
  repeats: 1,
  warningPercent: 10,
  failurePercent: 20,
  toleranceMs: 25,
  commands: [],
};
