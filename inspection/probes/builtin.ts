import { canonicalJson } from '../../domain/canonical-json';
import { HybridFlowError } from '../../domain/errors';
import type { HierarchyNode } from '../../stores/ports';
import { settledOrder, sha256 } from './canonical';
import type { Probe, ProbeStores } from './probe';

/** Servers compile, plan and cache with their first calls; these are not timed. */
const WARM_UPS = 2;

/** A search as readers make it: the nearest points, then their texts from the graph. */
export function searchProbe(
  { vectors, graph }: ProbeStores,
  query: string,
  { vector, limit, rounds }: { vector: readonly number[] | undefined; limit: number; rounds: number },
): Probe {
  return {
    ...{ name: searchName(query), kind: 'search', warmUps: WARM_UPS, rounds },
    async ask() {
      if (vector === undefined) throw noDimension();
      const neighbours = settledOrder(await vectors.nearest(vector, limit));
      if (neighbours.length === 0) throw nothingFound('the search has zero results');
      const texts = await graph.texts(neighbours.flatMap(({ chunkId }) => chunkId ?? []));
      const answer = neighbours.map(({ id, chunkId }) => {
        return { id, chunkId, text: chunkId !== null && Object.hasOwn(texts, chunkId) ? texts[chunkId] : null };
      });
      return { sha256: sha256(canonicalJson(answer)), results: answer.length };
    },
  };
}

/** The full hierarchy of a chapter. */
export function hierarchyProbe({ graph }: ProbeStores, chapterId: string, rounds: number): Probe {
  return {
    ...{ name: hierarchyName(chapterId), kind: 'hierarchy', warmUps: WARM_UPS, rounds },
    async ask() {
      const chapter = await graph.hierarchy(chapterId);
      if (chapter === null) throw nothingFound(`there is no chapter ${chapterId}`);
      const results = countBelow(chapter);
      if (results === 0) throw nothingFound(`chapter ${chapterId} is empty`);
      return { sha256: sha256(canonicalJson(chapter)), results };
    },
  };
}

const SEARCH = 'search ';
const HIERARCHY = 'hierarchy ';

function searchName(query: string): string {
  return `${SEARCH}${JSON.stringify(query)}`;
}

function hierarchyName(chapterId: string): string {
  return `${HIERARCHY}${chapterId}`;
}

/** The query of a search probe's name. */
export function queryOf(name: string): string {
  return JSON.parse(name.slice(SEARCH.length)) as string;
}

/** The chapter of a hierarchy probe's name. */
export function chapterOf(name: string): string {
  return name.slice(HIERARCHY.length);
}

function countBelow({ children }: HierarchyNode): number {
  return children.reduce((sum, child) => sum + 1 + countBelow(child), 0);
}

function nothingFound(found: string): HybridFlowError {
  return new HybridFlowError('PROBE_FAILED', { found });
}

function noDimension(): HybridFlowError {
  return new HybridFlowError('QDRANT_UNFIT', {
    found: 'the collection has several vectors a point, or none, so that a query has no dimension',
    next: 'leave probes.queries empty and search with a command probe instead',
  });
}
