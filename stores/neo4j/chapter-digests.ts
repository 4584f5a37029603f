import { acrossOf, BEYOND_CHAPTERS, insideOf } from '../../domain/chapter-digest';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { DigestList, FingerprintGroups, ItemWriter } from '../fingerprint';
import { IdMap, Int32List } from './compact';
import type { Json } from './export-values';
import { isLeftOut, lastingLabels } from './restore-live';
import { known, TREE } from './staged-nodes';

/** The place of a node that is no part of the content. */
const LEFT_OUT = -1;
/** Chapters are numbered from 0; these belong to none, or to those that the tree leads from. */
const NO_CHAPTER = -1;
const NAMELESS = -2;
/** Told by the relationships to its chapters. */
const TEXTBOOK = -3;
/** Of a chapter that is not asked for. */
const NOT_WANTED = -4;
const NONE: readonly number[] = [];
const MOST_KEPT = 10_000;

/**
 * Digests of whole chapters, of a graph whose nodes are handed in before its relationships: what belongs to a chapter is
 * what the switch takes for its own. Another chapter's node counts by its kind and name alone, so that a chapter does not
 * differ because a neighbour does; a textbook, which is staged along with its chapters, by its content. Holds some
 * hundred bytes a node, and as much a relationship.
 */
export class ChapterDigests {
  readonly #item = new ItemWriter();
  readonly #places = new IdMap();
  readonly #contents = new DigestList();
  /** How a node is known to other chapters. */
  readonly #names = new DigestList();
  readonly #chapterOf = new Int32List();
  readonly #numbers = new Map<string, number>();
  readonly #groupNames: { inside: string; across: string }[] = [];
  /** Each chapter's number as a list, so that none need be made for every node. */
  readonly #alone: number[][] = [];
  readonly #starts = new Int32List();
  readonly #ends = new Int32List();
  readonly #links = new DigestList();
  /** Nodes whose name says no chapter, hardly any, by what leads to them; and the chapters that do. */
  readonly #below = new Map<number, number[]>();
  readonly #led = new Map<number, number[]>();
  /** A graph has few types, and most relationships have no properties. */
  readonly #linkDigests = new Map<string, Buffer>();

  /** `wanted`: these chapters alone, and nothing of what is beyond them, at a fraction of the work. */
  constructor(private readonly wanted?: ReadonlySet<string>) {}

  /** `properties` is the text that the export writes; `id` and `chunkId` are values as it encodes them. */
  node(id: number, labels: readonly string[], properties: string, key: { id?: Json; chunkId?: Json }): void {
    if (isLeftOut(labels)) return this.#places.set(id, LEFT_OUT);
    const { kind, key: name, chapter } = known(labels, key.id, key.chunkId);
    const place = chapter === undefined ? placeOf(kind) : this.#numberOf(chapter);
    const called = this.#nameOf(kind, name as Json);
    if (place === NOT_WANTED) return this.#add(id, place, called, called);
    const lasting = lastingLabels(labels);
    this.#item.text(String(lasting.length));
    for (const label of lasting) this.#item.text(label);
    const content = this.#item.text(properties).digest();
    this.#add(id, place, content, place === TEXTBOOK ? content : called);
  }

  /** A node of which no more is known than how it is called. */
  placeholder(id: number, kind: string, key: Json): void {
    const name = this.#nameOf(kind, key);
    this.#add(id, NO_CHAPTER, name, name);
  }

  /** False where either end is a node that was never handed in. */
  relationship(type: string, start: number, end: number, properties: string): boolean {
    const [from, to] = [this.#places.get(start), this.#places.get(end)];
    if (from === undefined || to === undefined) return false;
    if (from === LEFT_OUT || to === LEFT_OUT) return true;
    if (this.wanted && !this.#mayBeWanted(from) && !this.#mayBeWanted(to)) return true;
    this.#starts.push(from);
    this.#ends.push(to);
    this.#links.push(this.#linkDigest(type, properties));
    if (TREE.includes(type) && this.#chapterOf.at(to) === NAMELESS) {
      const below = this.#below.get(from);
      if (below) below.push(to);
      else this.#below.set(from, [to]);
    }
    return true;
  }

  /** Two groups a chapter, and one for what is beyond them; once everything was handed in. */
  groups(): GroupFingerprint[] {
    for (const above of this.#below.keys()) {
      const chapter = this.#chapterOf.at(above);
      if (chapter >= 0) this.#leadFrom(above, chapter);
    }
    const groups = new FingerprintGroups();
    for (let node = 0; node < this.#chapterOf.length; node++) {
      const chapters = this.#chaptersOf(node);
      for (const chapter of chapters) groups.add(this.#groupOf(chapter, 'inside'), this.#contents.at(node));
      const beyond = chapters.length === 0 && this.#chapterOf.at(node) !== TEXTBOOK;
      if (beyond) groups.add(BEYOND_CHAPTERS, this.#contents.at(node));
    }
    for (let link = 0; link < this.#links.count; link++) this.#addLink(groups, link);
    return groups.list().filter(({ group }) => !this.wanted || group !== BEYOND_CHAPTERS);
  }

  #chaptersOf(node: number): readonly number[] {
    const chapter = this.#chapterOf.at(node);
    if (chapter === NAMELESS) return this.#led.get(node) ?? NONE;
    return chapter < 0 ? NONE : (this.#alone[chapter] ?? NONE);
  }

  /** To every node whose name says no chapter, however far below. */
  #leadFrom(above: number, chapter: number): void {
    const waiting = [above];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const below of this.#below.get(node) ?? []) {
        const chapters = this.#led.get(below) ?? [];
        if (chapters.includes(chapter)) continue;
        chapters.push(chapter);
        this.#led.set(below, chapters);
        waiting.push(below);
      }
    }
  }

  #groupOf(chapter: number, part: 'inside' | 'across'): string {
    return this.#groupNames[chapter]?.[part] ?? BEYOND_CHAPTERS;
  }

  #mayBeWanted(node: number): boolean {
    const chapter = this.#chapterOf.at(node);
    return chapter >= 0 || chapter === NAMELESS;
  }

  #linkDigest(type: string, properties: string): Buffer {
    const key = `${type} ${properties}`;
    const known = this.#linkDigests.get(key);
    if (known) return known;
    const digest = this.#item.text(type).text(properties).digest();
    if (this.#linkDigests.size < MOST_KEPT) this.#linkDigests.set(key, digest);
    return digest;
  }

  #numberOf(chapter: string): number {
    if (this.wanted && !this.wanted.has(chapter)) return NOT_WANTED;
    let number = this.#numbers.get(chapter);
    if (number === undefined) {
      number = this.#alone.length;
      this.#numbers.set(chapter, number);
      this.#alone.push([number]);
      this.#groupNames.push({ inside: insideOf(chapter), across: acrossOf(chapter) });
    }
    return number;
  }

  #nameOf(kind: string, key: Json): Buffer {
    return this.#item.text(kind).text(JSON.stringify(key)).digest();
  }

  #add(id: number, chapter: number, content: Uint8Array, name: Uint8Array): void {
    this.#places.set(id, this.#chapterOf.length);
    this.#chapterOf.push(chapter);
    this.#contents.push(content);
    this.#names.push(name);
  }

  #addLink(groups: FingerprintGroups, link: number): void {
    const [start, end] = [this.#starts.at(link), this.#ends.at(link)];
    const [from, to] = [this.#chaptersOf(start), this.#chaptersOf(end)];
    const digest = (s: DigestList, e: DigestList) =>
      this.#item.raw(this.#links.at(link)).raw(s.at(start)).raw(e.at(end)).digest();
    for (const chapter of from) {
      if (to.includes(chapter)) groups.add(this.#groupOf(chapter, 'inside'), digest(this.#contents, this.#contents));
      else groups.add(this.#groupOf(chapter, 'across'), digest(this.#contents, this.#names));
    }
    for (const chapter of to) {
      if (!from.includes(chapter)) groups.add(this.#groupOf(chapter, 'across'), digest(this.#names, this.#contents));
    }
    if (from.length + to.length === 0) groups.add(BEYOND_CHAPTERS, digest(this.#names, this.#names));
  }
}

function placeOf(kind: string): number {
  if (kind === 'Textbook') return TEXTBOOK;
  return kind === 'Chapter' ? NO_CHAPTER : NAMELESS;
}
