import { chapterId, chunksOf, type ParsedChapter } from '../../../examples/ingestion/chapter';

/** One edition of a chapter, as far as every store can be asked for it: its title, and the text of each chunk. */
export interface EditionOf {
  title: string;
  texts: Record<string, string>;
}

/** Chapter to its edition. */
export type Contents = ReadonlyMap<string, EditionOf>;

export type Fate = 'committed' | 'archived' | 'deleted' | 'rolled back';

export interface ModelVersion {
  versionId: string;
  fate: Fate;
  contents: Contents;
}

/** A staging that is open: what it will be, and where it stands. */
export interface Staged {
  versionId: string;
  /** Undefined where it began with production. */
  from: string | undefined;
  contents: Map<string, EditionOf>;
  /** It has been validated, and waits for approval. */
  validated: boolean;
}

export const KEEP = 2;

/** What the whole system should be: far simpler than it, since nothing here can fail half way. */
export class Model {
  readonly versions: ModelVersion[];
  readonly pins = new Set<string>();
  production: Contents;
  current: string;
  staged: Staged | undefined;
  /** A run died before it could write down the name of its snapshot: the next window finds it on the server. */
  strayedSnapshot = false;

  constructor(baseline: string, contents: Contents) {
    this.versions = [{ versionId: baseline, fate: 'committed', contents }];
    this.production = contents;
    this.current = baseline;
  }

  of(fate: Fate): ModelVersion[] {
    return this.versions.filter((one) => one.fate === fate);
  }

  stage(versionId: string, from: string | undefined): void {
    const contents = from === undefined ? this.production : this.find(from).contents;
    this.staged = { versionId, from, contents: new Map(contents), validated: false };
  }

  ingest(chapters: readonly ParsedChapter[], removed: readonly string[]): void {
    for (const chapter of chapters) this.staged?.contents.set(chapterId(chapter), editionOf(chapter));
    for (const chapter of removed) this.staged?.contents.delete(chapter);
  }

  /** The staging is over, and nothing came of it. */
  giveUp(): void {
    if (!this.staged) return;
    this.versions.push({ versionId: this.staged.versionId, fate: 'rolled back', contents: new Map() });
    this.staged = undefined;
  }

  commit(): void {
    if (!this.staged) return;
    const { versionId, contents } = this.staged;
    this.versions.push({ versionId, fate: 'committed', contents });
    this.production = contents;
    this.current = versionId;
    this.staged = undefined;
  }

  restore(versionId: string): void {
    this.production = this.find(versionId).contents;
    this.current = versionId;
  }

  /** With no days to stay in the archive: what is there goes, unless it is pinned; then what is beyond the window. */
  applyWindow(): void {
    this.strayedSnapshot = false;
    const [baseline] = this.versions;
    const newest = this.of('committed')
      .filter((one) => one !== baseline)
      .slice(-KEEP);
    const archived = this.of('archived').filter(({ versionId }) => !this.pins.has(versionId));
    const beyond = this.of('committed').filter(
      (one) => one !== baseline && !newest.includes(one) && !this.#held(one.versionId),
    );
    for (const one of archived) one.fate = 'deleted';
    for (const one of beyond) one.fate = 'archived';
  }

  find(versionId: string): ModelVersion {
    const found = this.versions.find((one) => one.versionId === versionId);
    if (!found) throw new Error(`the model has no version ${versionId}`);
    return found;
  }

  #held(versionId: string): boolean {
    return versionId === this.current || this.pins.has(versionId) || versionId === this.staged?.from;
  }
}

function editionOf(chapter: ParsedChapter): EditionOf {
  const texts = chunksOf(chapter).map(({ chunkId, text }) => [chunkId, text] as const);
  return { title: chapter.title, texts: Object.fromEntries(texts) };
}
