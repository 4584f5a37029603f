import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POINT_LIST_FILE, type ComparedBy, type ComparedSide } from '../../domain/compare';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { ARTIFACT_FILES, type StoreName } from '../../domain/names';
import type { CallControl } from '../../stores/ports';
import type { ArtifactContents, ChapterRow, ChunkDigest } from '../../stores/ports/contents';
import { Untold, type ChunkStore, type LiveStores, type Side } from './types';

export interface Captured {
  groups: readonly GroupFingerprint[];
  /** What the chunks and rows are read from. */
  file: string | Untold;
}

/**
 * Production as it stands: each store is read once, into files of a folder that goes with the comparison, so that lists,
 * chunks and texts of a store are of one moment.
 */
export class ProductionSide implements Side {
  readonly #captured = new Map<string, Promise<Captured>>();
  #folder: Promise<string> | undefined;

  constructor(
    readonly stores: LiveStores,
    readonly contents: ArtifactContents,
    readonly view: ComparedSide,
    readonly control: CallControl,
    private readonly scratch = tmpdir(),
  ) {}

  async groups(store: StoreName): Promise<readonly GroupFingerprint[]> {
    return (await this.captured(store)).groups;
  }

  tellsBeyond(): boolean {
    return true;
  }

  finest(): ComparedBy {
    return 'content';
  }

  async chunks(
    store: ChunkStore,
    groups: ReadonlySet<string>,
    by: ComparedBy,
  ): Promise<AsyncIterable<ChunkDigest> | Untold> {
    const { file } = await this.captured(store);
    if (file instanceof Untold) return file;
    return store === 'qdrant'
      ? this.contents.points(file, groups)
      : this.contents.paragraphs(file, groups, by, this.control);
  }

  async rows(table?: string): Promise<ChapterRow[] | Untold> {
    const { file } = await this.captured('sqlite');
    return file instanceof Untold ? file : this.contents.chapterRows(file, table);
  }

  async texts(chunks: ReadonlyMap<string, ReadonlySet<string>>): Promise<ReadonlyMap<string, string> | Untold> {
    const { file } = await this.captured('neo4j');
    if (file instanceof Untold) return file;
    return this.contents.texts(file, new Set([...chunks.values()].flatMap((ids) => [...ids])), this.control);
  }

  captured(store: StoreName): Promise<Captured> {
    return this.#once(store, () => this.#capture(store));
  }

  /** Points of another collection than production's. */
  capturedPoints(collection: string): Promise<Captured> {
    return this.#once(`qdrant ${collection}`, () => this.#capturePoints(`${collection}.txt.gz`, collection));
  }

  async close(): Promise<void> {
    // What still writes there must have ended first.
    await Promise.allSettled(this.#captured.values());
    if (this.#folder) await rm(await this.#folder, { recursive: true, force: true });
  }

  #once(what: string, capture: () => Promise<Captured>): Promise<Captured> {
    let captured = this.#captured.get(what);
    if (!captured) this.#captured.set(what, (captured = capture()));
    return captured;
  }

  async #capture(store: StoreName): Promise<Captured> {
    const { metadata, graph } = this.stores;
    if (store === 'qdrant') return this.#capturePoints(POINT_LIST_FILE);
    if (store === 'sqlite') {
      const file = await this.#path(ARTIFACT_FILES.metadata);
      metadata.snapshotTo(file);
      return { groups: metadata.fingerprint(file), file };
    }
    const file = await this.#path(ARTIFACT_FILES.neo4j);
    return { groups: (await graph.exportTo(file, this.control)).fingerprint, file };
  }

  async #capturePoints(name: string, collection?: string): Promise<Captured> {
    const { vectors } = this.stores;
    if (!vectors.pointDigests) {
      const untold = new Untold('the points of a live collection cannot be listed: Qdrant is compared by chapter');
      return { groups: await vectors.fingerprint({ collection }, this.control), file: untold };
    }
    const file = await this.#path(name);
    const pages = vectors.pointDigests({ collection }, this.control);
    return { groups: await this.contents.writePoints(file, pages), file };
  }

  async #path(name: string): Promise<string> {
    this.#folder ??= mkdtemp(join(this.scratch, 'hfv-compare-'));
    return join(await this.#folder, name);
  }
}
