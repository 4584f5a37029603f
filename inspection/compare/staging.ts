import { chaptersThatDiffer, partOf } from '../../domain/chapter-digest';
import { isChapter, type ComparedBy, type ComparedSide } from '../../domain/compare';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { STAGING_NAMES, type StoreName } from '../../domain/names';
import { ItemWriter } from '../../stores/fingerprint';
import type { ChapterRow, ChunkDigest } from '../../stores/ports/contents';
import type { ProductionSide } from './production';
import { Untold, type ChunkStore, type Side } from './types';

interface StagedGraph {
  /** Chapters that are staged whole; every other is production's, or removed. */
  chapters: ReadonlySet<string>;
  groups: readonly GroupFingerprint[];
  /** The staged ones whole, without what leads to other chapters: most of that stays as it is. */
  whole: readonly GroupFingerprint[];
}

/**
 * Production as it will be once what is staged has taken its place. SQLite and Qdrant hold the whole of it; in Neo4j
 * only the chapters that change are staged, and their chunks are told by their texts alone.
 */
export class StagingSide implements Side {
  #graph: Promise<StagedGraph> | undefined;

  constructor(
    private readonly production: ProductionSide,
    readonly view: ComparedSide,
  ) {}

  async groups(store: StoreName): Promise<readonly GroupFingerprint[]> {
    if (store === 'sqlite') return this.production.stores.metadata.stagedFingerprint();
    if (store === 'qdrant') return (await this.production.capturedPoints(STAGING_NAMES.collection)).groups;
    return (await this.#staged()).groups;
  }

  tellsBeyond(store: StoreName): boolean {
    return store !== 'neo4j';
  }

  async unlikeProduction(): Promise<readonly string[]> {
    const { whole } = await this.#staged();
    if (whole.length === 0) return [];
    const { file } = await this.production.captured('neo4j');
    if (file instanceof Untold) return [];
    const chapters = new Set(whole.flatMap(({ group }) => partOf(group)?.chapter ?? []));
    const { control, stores } = this.production;
    return chaptersThatDiffer(whole, await stores.graph.digestChapters(file, control, chapters)).chapters;
  }

  finest(store: ChunkStore): ComparedBy {
    return store === 'neo4j' ? 'text' : 'content';
  }

  async chunks(
    store: ChunkStore,
    groups: ReadonlySet<string>,
    by: ComparedBy,
  ): Promise<AsyncIterable<ChunkDigest> | Untold> {
    if (store === 'neo4j') return this.#paragraphs(groups, by);
    const { file } = await this.production.capturedPoints(STAGING_NAMES.collection);
    return file instanceof Untold ? file : this.production.contents.points(file, groups);
  }

  rows(): Promise<ChapterRow[] | Untold> {
    return this.production.rows(STAGING_NAMES.table);
  }

  async texts(chunks: ReadonlyMap<string, ReadonlySet<string>>): Promise<ReadonlyMap<string, string>> {
    const { chapters } = await this.#staged();
    const texts = new Map<string, string>();
    for (const [chapter, ids] of chunks) {
      const found = await this.production.stores.graph.chapterTexts(chapter, { staged: chapters.has(chapter) });
      for (const [chunkId, text] of Object.entries(found)) if (ids.has(chunkId)) texts.set(chunkId, text);
    }
    return texts;
  }

  async *#paragraphs(groups: ReadonlySet<string>, by: ComparedBy): AsyncGenerator<ChunkDigest> {
    if (by !== 'text') throw new RangeError('what is staged in Neo4j is told by its texts alone');
    const { chapters, groups: known } = await this.#staged();
    const item = new ItemWriter();
    for (const { group } of known.filter((one) => groups.has(one.group))) {
      this.production.control.signal?.throwIfAborted();
      const texts = await this.production.stores.graph.chapterTexts(group, { staged: chapters.has(group) });
      for (const [chunkId, text] of Object.entries(texts)) {
        yield { group, chunkId, digest: item.text(text).digest() };
      }
    }
  }

  #staged(): Promise<StagedGraph> {
    return (this.#graph ??= this.#readStaged());
  }

  async #readStaged(): Promise<StagedGraph> {
    const { metadata, graph } = this.production.stores;
    const chapters = new Set(await graph.stagedChapters());
    const removed = new Set(metadata.stagedDelta().removed);
    const staged = await graph.stagedFingerprint(this.production.control);
    const kept = (await this.production.groups('neo4j')).filter(
      ({ group }) => isChapter(group) && !chapters.has(group) && !removed.has(group),
    );
    const whole = staged.filter(({ group }) => partOf(group)?.part === 'inside');
    return { chapters, whole, groups: [...kept, ...staged.filter(({ group }) => isChapter(group))] };
  }
}
