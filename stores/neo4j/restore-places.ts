import { Int32List } from './compact';
import { known, TREE } from './staged-nodes';

/** Chapters by number, from 1 on, the same for the graph and for an export; 0 is no chapter. */
export class ChapterNumbers {
  readonly #numbers = new Map<string, number>();

  get count(): number {
    return this.#numbers.size;
  }

  of(chapter: string): number {
    const number = this.#numbers.get(chapter) ?? this.count + 1;
    this.#numbers.set(chapter, number);
    return number;
  }
}

const NAMELESS = -1;

/**
 * Which chapter each node belongs to: by its name, else by what the tree leads to from a chapter. Nodes are numbered
 * from 0 in the order in which they are added.
 */
export class ChapterPlaces {
  readonly #chapters = new Int32List();
  /** Hardly any: nodes whose name says no chapter, by what leads to them; and the chapter that does. */
  readonly #below = new Map<number, number[]>();
  readonly #led = new Map<number, number>();

  constructor(private readonly numbers: ChapterNumbers) {}

  node(labels: readonly string[], id: unknown, chunkId: unknown): void {
    const { kind, chapter } = known(labels, id, chunkId);
    if (chapter !== undefined) this.#chapters.push(this.numbers.of(chapter));
    else this.#chapters.push(kind === 'Textbook' || kind === 'Chapter' ? 0 : NAMELESS);
  }

  relationship(type: string, start: number, end: number): void {
    if (!TREE.includes(type) || this.#chapters.at(end) !== NAMELESS) return;
    const below = this.#below.get(start);
    if (below) below.push(end);
    else this.#below.set(start, [end]);
  }

  /** To be called once all relationships were handed in. */
  settle(): void {
    for (const above of this.#below.keys()) {
      const chapter = this.#chapters.at(above);
      if (chapter > 0) this.#leadFrom(above, chapter);
    }
  }

  of(node: number): number {
    return Math.max(this.#chapters.at(node), this.#led.get(node) ?? 0);
  }

  #leadFrom(above: number, chapter: number): void {
    const waiting = [above];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const below of this.#below.get(node) ?? []) {
        if (this.#led.has(below)) continue;
        this.#led.set(below, chapter);
        waiting.push(below);
      }
    }
  }
}
