import { POINT_LIST_FILE, type ComparedBy, type ComparedSide } from '../../domain/compare';
import { HybridFlowError } from '../../domain/errors';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { Manifest } from '../../domain/manifest';
import type { StoreName } from '../../domain/names';
import type { ArtifactStore, CallControl } from '../../stores/ports';
import type { ArtifactContents, ChapterRow, ChunkDigest } from '../../stores/ports/contents';
import { recordedFingerprint } from '../fingerprints';
import { Untold, type ChunkStore, type CompareSources, type Side } from './types';

/** A version whose manifest is there: everything is read from its folder. */
export class SealedSide implements Side {
  readonly #contents: ArtifactContents;

  constructor(
    { contents }: CompareSources,
    private readonly folders: CompareSources['artifacts'],
    private readonly folder: string,
    private readonly manifest: Manifest,
    readonly view: ComparedSide,
    private readonly control: CallControl,
  ) {
    this.#contents = contents;
  }

  async groups(store: StoreName): Promise<readonly GroupFingerprint[]> {
    const artifacts = this.folders as ArtifactStore;
    return (await recordedFingerprint({ artifacts }, this.folder, store)).groups;
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
    if (store === 'neo4j') {
      const file = await this.#artifact('neo4j');
      return file instanceof Untold ? file : this.#contents.paragraphs(file, groups, by, this.control);
    }
    const list = this.folders.pathOf(this.folder, POINT_LIST_FILE);
    if (await this.#contents.holds(list)) return this.#contents.points(list, groups);
    return new Untold(
      `${this.view.name} has no list of its points (${POINT_LIST_FILE}): Qdrant is compared by chapter`,
    );
  }

  async rows(): Promise<ChapterRow[] | Untold> {
    const file = await this.#artifact('sqlite');
    return file instanceof Untold ? file : this.#contents.chapterRows(file);
  }

  async texts(chunks: ReadonlyMap<string, ReadonlySet<string>>): Promise<ReadonlyMap<string, string> | Untold> {
    const file = await this.#artifact('neo4j');
    if (file instanceof Untold) return file;
    return this.#contents.texts(file, new Set([...chunks.values()].flatMap((ids) => [...ids])), this.control);
  }

  /** Path of a store's artifact. An archived version may do without; any other that lacks it is damaged. */
  async #artifact(store: StoreName): Promise<string | Untold> {
    const name = this.manifest.artifacts.find((one) => one.store === store)?.file ?? '';
    const file = this.folders.pathOf(this.folder, name);
    if (await this.#contents.holds(file)) return file;
    if (this.view.kind === 'archived version') {
      return new Untold(
        `${this.view.name} is archived, and ${name} is compressed or gone: only the lists beside it can be read`,
      );
    }
    throw new HybridFlowError('ARTIFACT_DAMAGED', {
      found: `${file} is missing`,
      expected: 'the artifact that the manifest names',
      next: `look at the version with \`hfv verify ${this.view.name}\``,
      details: { file },
    });
  }
}
