import { randomUUID } from 'node:crypto';
import { withStores } from '../../../client/stores';
import type { CheckResult } from '../../../domain/checks';
import { runChecks, type ChecksOptions } from '../../../inspection/checks';
import type { CallControl, Stores, VectorStore } from '../../../stores/ports';
import { openVectorStore } from '../../../stores/qdrant';
import { TestBase } from '../../support/base';
import { HttpRelay, type Interference } from '../../support/http-relay';

export const PARAGRAPHS = 120;
export const COLLECTION = 'textbook_chunks';
/** What a base of so many paragraphs has. */
export const CHAPTERS = { chapters: 3, perTextbook: { bailey: 1, sabiston: 1, schwartz: 1 } };

interface RunOptions extends ChecksOptions {
  vectors?: VectorStore;
  control?: CallControl;
}

/** A small base, the seven checks of it, and the means to break it. */
export class CheckedBase {
  private constructor(
    readonly base: TestBase,
    /** Chunk ids in the order of their chains: of bailey's only chapter, sabiston's and schwartz's. */
    private readonly chains: readonly (readonly string[])[],
  ) {}

  static async make(): Promise<CheckedBase> {
    const base = await TestBase.make({ paragraphs: PARAGRAPHS });
    const rows = await base.cypher<{ ids: string[] }>(
      `MATCH path = (first:Paragraph)-[:NEXT*]->(last:Paragraph)
       WHERE NOT EXISTS { ()-[:NEXT]->(first) } AND NOT EXISTS { (last)-[:NEXT]->() }
       RETURN [p IN nodes(path) | p.chunk_id] AS ids ORDER BY first.chunk_id`,
    );
    return new CheckedBase(
      base,
      rows.map(({ ids }) => ids),
    );
  }

  close(): Promise<void> {
    return this.base.close();
  }

  using<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    return withStores({ settings: () => this.base.settings }, work);
  }

  run({ vectors, control, ...options }: RunOptions = { expected: CHAPTERS }): Promise<CheckResult[]> {
    return this.using((stores) => runChecks({ ...stores, vectors: vectors ?? stores.vectors }, options, control));
  }

  /** Runs all seven, makes sure of which failed, and answers with the one asked for. */
  async failing(expected: readonly number[], number: number, options?: RunOptions): Promise<CheckResult> {
    const results = await this.run(options);
    expect(failedOf(results)).toEqual(expected);
    const result = results.find((one) => one.number === number);
    if (!result) throw new Error(`no check ${number}`);
    return result;
  }

  /** The nth paragraph of bailey's chain. */
  id(nth: number): string {
    return this.chains[0]?.at(nth) ?? '';
  }

  /** How many paragraphs bailey's chain has. */
  get length(): number {
    return this.chains[0]?.length ?? 0;
  }

  /** NEXT and PREV as they were made. */
  async mendChains(): Promise<void> {
    await this.base.cypher('MATCH ()-[r:NEXT|PREV]->() DELETE r');
    await this.base.cypher(
      `UNWIND $chains AS ids UNWIND range(0, size(ids) - 2) AS i
       MATCH (a:Paragraph {chunk_id: ids[i]}), (b:Paragraph {chunk_id: ids[i + 1]})
       CREATE (a)-[:NEXT]->(b), (b)-[:PREV]->(a)`,
      { chains: this.chains },
    );
  }

  async everyId(): Promise<string[]> {
    const rows = await this.base.cypher<{ id: string }>('MATCH (p:Paragraph) RETURN p.chunk_id AS id ORDER BY id');
    return rows.map(({ id }) => id);
  }

  async pointsOf(chunkIds: readonly string[]): Promise<string[]> {
    const filter = { must: [{ key: 'chunk_id', match: { any: chunkIds } }] };
    const body = { limit: PARAGRAPHS, filter, with_payload: false };
    const path = `/collections/${COLLECTION}/points/scroll`;
    return (await this.base.qdrant<{ points: { id: string }[] }>('POST', path, body)).points.map(({ id }) => id);
  }

  async deletePoints(chunkIds: readonly string[]): Promise<void> {
    const points = await this.pointsOf(chunkIds);
    await this.base.qdrant('POST', `/collections/${COLLECTION}/points/delete?wait=true`, { points });
  }

  async addPoint(payload: object): Promise<void> {
    const vector = Array.from({ length: 768 }, (_, i) => (i === 0 ? 1 : 0));
    const points = [{ id: randomUUID(), vector, payload }];
    await this.base.qdrant('PUT', `/collections/${COLLECTION}/points?wait=true`, { points });
  }

  async link(type: 'NEXT' | 'PREV', from: string, to: string): Promise<void> {
    const query = `MATCH (a:Paragraph {chunk_id: $from}), (b:Paragraph {chunk_id: $to}) CREATE (a)-[:${type}]->(b)`;
    await this.base.cypher(query, { from, to });
  }

  vectorsOf(collection: string): VectorStore {
    return openVectorStore({ ...this.base.settings.qdrant, collection });
  }

  /** The vector store through a relay that interferes; gone again when the work is done. */
  async relayed<T>(decide: (path: string) => Interference, work: (vectors: VectorStore) => Promise<T>): Promise<T> {
    const relay = new HttpRelay(this.base.settings.qdrant.url, (_, path) => decide(path));
    try {
      return await work(openVectorStore({ ...this.base.settings.qdrant, url: await relay.start() }));
    } finally {
      await relay.stop();
    }
  }
}

export function failedOf(results: readonly CheckResult[]): (number | undefined)[] {
  return results.filter(({ passed }) => !passed).map(({ number }) => number);
}
