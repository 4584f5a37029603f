import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { QdrantClient } from '@qdrant/js-client-rest';
import { v5 as uuidv5 } from 'uuid';
import { STAGING_NAMES } from '../../../domain/names';
import type { VectorStore } from '../../../stores/ports';
import { openVectorStore, type VectorTarget } from '../../../stores/qdrant';
import { HttpRelay, type Interference } from '../../support/http-relay';
import { qdrantTarget } from '../../support/store-targets';

/** Names of this run only: another run, or real data, may share the server. */
const PREFIX = `hfv_staged_${randomUUID().slice(0, 8)}`;

export const NAMES = {
  prefix: PREFIX,
  collection: `${PREFIX}_chunks`,
  latest: `${PREFIX}_chunks_latest`,
  physical: `${PREFIX}_chunks_v2_minor`,
  staging: STAGING_NAMES.collection,
};

export interface ChunkPoint {
  id: string;
  vector: number[];
  payload: Record<string, unknown>;
}

/** The n-th chunk of a chapter (`bailey:ch1`), as ingestions write it; the text and the vector say which `edition`. */
export function chunk(chapter: string, n: number, edition = 1): ChunkPoint {
  const chunkId = `${chapter}:1.${n}`;
  const [textbook = ''] = chapter.split(':');
  return {
    id: uuidv5(chunkId, uuidv5.DNS),
    vector: [n + 1, edition, 0.3, 0.5],
    payload: { chunk_id: chunkId, textbook_id: textbook, chapter_id: chapter, text: `edition ${edition}`, n },
  };
}

export const chapter = (id: string, size: number, edition = 1): ChunkPoint[] =>
  Array.from({ length: size }, (_, n) => chunk(id, n, edition));

/** A collection of chapters on the test server, and the means to look at it past the store under test. */
export class StagedCollection {
  private constructor(
    readonly target: VectorTarget,
    readonly store: VectorStore,
    readonly admin: QdrantClient,
    private readonly folder: string,
  ) {}

  static async open(): Promise<StagedCollection> {
    const target = { ...(await qdrantTarget()), collection: NAMES.collection };
    const headers: Record<string, string> = target.apiKey ? { 'api-key': target.apiKey } : {};
    const admin = new QdrantClient({ url: target.url, headers, checkCompatibility: false });
    const folder = await mkdtemp(path.join(tmpdir(), 'staged-collection-'));
    return new StagedCollection(target, openVectorStore(target), admin, folder);
  }

  /** Removes whatever a test has made. */
  async clear(): Promise<void> {
    const { collections } = await this.admin.getCollections();
    for (const { name } of collections) {
      if (!name.startsWith(PREFIX) && name !== NAMES.staging) continue;
      for (const { name: snapshot } of await this.admin.listSnapshots(name)) {
        await this.admin.deleteSnapshot(name, snapshot, { wait: true });
      }
      await this.admin.deleteCollection(name);
    }
  }

  async close(): Promise<void> {
    await this.clear();
    await rm(this.folder, { recursive: true });
  }

  async make(name: string, points: readonly ChunkPoint[]): Promise<void> {
    await this.admin.createCollection(name, {
      vectors: { size: 4, distance: 'Cosine', on_disk: true },
      hnsw_config: { m: 24, ef_construct: 120 },
      optimizers_config: { indexing_threshold: 20_000 },
      on_disk_payload: false,
    });
    await this.admin.createPayloadIndex(name, { wait: true, field_name: 'chapter_id', field_schema: 'keyword' });
    await this.admin.createPayloadIndex(name, {
      wait: true,
      field_name: 'n',
      field_schema: { type: 'integer', lookup: true, range: false },
    });
    await this.put(name, points);
  }

  async put(name: string, points: readonly ChunkPoint[]): Promise<void> {
    for (let at = 0; at < points.length; at += 500) {
      await this.admin.upsert(name, { wait: true, points: points.slice(at, at + 500) });
    }
  }

  remove(name: string, points: readonly ChunkPoint[]): Promise<unknown> {
    return this.admin.delete(name, { wait: true, points: points.map(({ id }) => id) });
  }

  /** Everything that a reader can get out of a collection. */
  async contents(name: string): Promise<unknown> {
    const { points } = await this.admin.scroll(name, { limit: 5_000, with_payload: true, with_vector: true });
    return points;
  }

  /** The collection's own settings, and its indexes without their counts. */
  async settings(name: string): Promise<unknown> {
    const { config, payload_schema } = await this.admin.getCollection(name);
    const indexes = Object.entries(payload_schema).map(([field, index]) => [field, { ...index, points: null }]);
    return { config, indexes };
  }

  async snapshotOf(store: VectorStore = this.store): Promise<string> {
    const made = await store.createSnapshot([], { retry: false });
    const file = path.join(this.folder, `${randomUUID()}.snapshot`);
    await store.downloadSnapshot(made, file);
    await store.deleteSnapshot(made.name);
    return file;
  }

  async names(): Promise<string[]> {
    const { collections } = await this.admin.getCollections();
    return collections
      .map(({ name }) => name)
      .filter((name) => name.startsWith(PREFIX) || name === NAMES.staging)
      .sort();
  }

  /** Alias -> collection, of this run and of staging. */
  async aliases(): Promise<Record<string, string>> {
    const { aliases } = await this.admin.getAliases();
    const own = aliases.filter((a) => a.alias_name.startsWith(PREFIX) || a.alias_name === NAMES.staging);
    return Object.fromEntries(own.map((a) => [a.alias_name, a.collection_name]));
  }

  alias(alias_name: string, collection_name: string): Promise<boolean> {
    return this.admin.updateCollectionAliases({ actions: [{ create_alias: { alias_name, collection_name } }] });
  }

  /** The store as seen through a relay that interferes as told. */
  async through<T>(
    decide: (method: string, path: string) => Interference,
    use: (relayed: VectorStore, relay: HttpRelay) => Promise<T>,
  ): Promise<T> {
    const relay = new HttpRelay(this.target.url, decide);
    try {
      return await use(openVectorStore({ ...this.target, url: await relay.start() }), relay);
    } finally {
      await relay.stop();
    }
  }
}

export const PASS = { kind: 'pass' } as const;
