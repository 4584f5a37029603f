import { Int32List, TextList } from './compact';

const DOWN = ['HAS_SECTION', 'HAS_SUBSECTION', 'HAS_SUBSUBSECTION', 'HAS_PARAGRAPH'];
const FROM_TEXTBOOK = 'CONTAINS';
const NONE = -1;

/** Where a node stands: its chapter, and the ids that lead to it, as netstrings: textbook, chapter, section, … */
export interface Place {
  chapter: string;
  path: string;
}

/**
 * The tree below the chapters, by the places that nodes have in the order they came. A graph need not be a tree:
 * where several ways lead to a node, the shortest counts, and among equally short ones the one whose bytes come first.
 * So a node's place depends on the graph alone, and a circle that no chapter leads into is never entered.
 */
export class Containment {
  /** A node's own id; of what may lead to others. */
  readonly #ids = new TextList();
  readonly #chapters: number[] = [];
  readonly #isChapter = new Set<number>();
  readonly #starts = new Int32List();
  readonly #ends = new Int32List();
  /** The node above; of a chapter, its textbook. */
  #above = new Int32Array(0);
  #last: { above: number; place: Place } | undefined;

  /** Nodes are numbered from 0 in the order they are added. */
  addNode(id: string, isChapter: boolean): void {
    if (isChapter) {
      this.#chapters.push(this.#ids.length);
      this.#isChapter.add(this.#ids.length);
    }
    this.#ids.push(id);
  }

  addRelationship(type: string, start: number, end: number): void {
    if (type !== FROM_TEXTBOOK && !DOWN.includes(type)) return;
    if ((type === FROM_TEXTBOOK) !== this.#isChapter.has(end)) return;
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** Finds every node's place, level by level from the chapters down. To be called once all is added. */
  settle(): void {
    this.#above = new Int32Array(this.#ids.length).fill(NONE);
    const levels = new Int32Array(this.#ids.length).fill(NONE);
    for (let i = 0; i < this.#ends.length; i++) this.#chooseTextbook(this.#starts.at(i), this.#ends.at(i));
    const below = this.#below();
    for (const chapter of this.#chapters) levels[chapter] = 0;
    for (let level = 0, nodes = this.#chapters; nodes.length > 0; level++) {
      const next: number[] = [];
      for (const node of nodes) {
        for (const child of below(node)) {
          if (levels[child] === NONE) {
            levels[child] = level + 1;
            this.#above[child] = node;
            next.push(child);
          } else if (levels[child] === level + 1 && this.#comesFirst(node, this.#above[child] ?? NONE)) {
            this.#above[child] = node;
          }
        }
      }
      nodes = next;
    }
  }

  /** Undefined where no chapter leads to the node. */
  placeOf(node: number): Place | undefined {
    const above = this.#above[node] ?? NONE;
    if (above === NONE || this.#isChapter.has(node)) return undefined;
    // Paragraphs come one after another, most with the one before them in the same section.
    if (this.#last?.above !== above) this.#last = { above, place: this.#placeBelow(above) };
    return this.#last.place;
  }

  #placeBelow(node: number): Place {
    const ids: string[] = [];
    while (!this.#isChapter.has(node)) {
      ids.push(this.#ids.at(node));
      node = this.#above[node] ?? NONE;
    }
    const textbook = this.#above[node] ?? NONE;
    const chapter = this.#ids.at(node);
    const all = [textbook === NONE ? '' : this.#ids.at(textbook), chapter, ...ids.reverse()];
    return { chapter, path: all.map((id) => `${Buffer.byteLength(id)}:${id},`).join('') };
  }

  #comesFirst(a: number, b: number): boolean {
    return Buffer.compare(Buffer.from(this.#placeBelow(a).path), Buffer.from(this.#placeBelow(b).path)) < 0;
  }

  #chooseTextbook(start: number, end: number): void {
    if (!this.#isChapter.has(end)) return;
    const chosen = this.#above[end] ?? NONE;
    const first = chosen === NONE || Buffer.compare(this.#idBytes(start), this.#idBytes(chosen)) < 0;
    if (first) this.#above[end] = start;
  }

  #idBytes(node: number): Buffer {
    return Buffer.from(this.#ids.at(node));
  }

  /** The nodes directly below each: all of them in one block, and where each node's begin. */
  #below(): (node: number) => Int32Array {
    const begins = new Int32Array(this.#ids.length + 1);
    const each = (visit: (start: number, end: number) => void) => {
      for (let i = 0; i < this.#ends.length; i++) {
        if (!this.#isChapter.has(this.#ends.at(i))) visit(this.#starts.at(i), this.#ends.at(i));
      }
    };
    each((start) => (begins[start + 1] = (begins[start + 1] ?? 0) + 1));
    for (let i = 1; i < begins.length; i++) begins[i] = (begins[i] ?? 0) + (begins[i - 1] ?? 0);
    const nodes = new Int32Array(begins.at(-1) ?? 0);
    const free = begins.slice();
    each((start, end) => {
      const at = free[start] ?? 0;
      nodes[at] = end;
      free[start] = at + 1;
    });
    return (node) => nodes.subarray(begins[node], begins[node + 1]);
  }
}
