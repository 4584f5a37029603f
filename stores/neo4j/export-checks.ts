import { crossReferencesProblem } from '../../domain/cross-references';
import type { ParagraphLinks } from '../../domain/chains';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl, ChunkPage, GraphChecks } from '../ports';
import { findBrokenChains } from './chains';
import { PAGE } from './checks';
import { IdMap, Int32List, TextList } from './compact';
import { Containment } from './containment';
import type { ExportLine, NodeLine, RelationshipLine } from './export-format';
import { damaged, decodeValue } from './export-values';
import { HOLDS } from './staged-nodes';
import { checkExport } from './import-read';
import { isLeftOut } from './restore-live';

const LEFT_OUT = -1;

/**
 * The checks of the graph that an export holds: those of a live graph, of the same content. The file is read once, at
 * the first question, and proven whole by that. Contacts no server.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED, from every answer, where the file is not whole
 */
export function exportChecks(file: string): GraphChecks {
  let read: Promise<ExportedParagraphs> | undefined;
  const graph = (control?: CallControl) => {
    // An attempt that failed, or was stopped, is no answer to the next question.
    read ??= readParagraphs(file, control).catch((error: unknown) => {
      read = undefined;
      throw error;
    });
    return read;
  };
  return {
    paragraphs: async () => (await graph()).count,
    async *chunks(control) {
      yield* (await graph(control)).chunks(control);
    },
    orphans: async (control) => (await graph(control)).orphans(),
    brokenChains: async (control) => findBrokenChains((await graph(control)).links(), control),
    invalidCrossReferences: async (control) => (await graph(control)).crossReferences(),
  };
}

async function readParagraphs(file: string, { onProgress, signal }: CallControl = {}): Promise<ExportedParagraphs> {
  const graph = new ExportedParagraphs();
  let lines = 0;
  await checkExport(file, (line) => {
    graph.take(line);
    if (++lines % PAGE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(lines);
  });
  graph.settle();
  return graph;
}

/** What the checks ask of paragraphs: some fifty bytes each, and few more for every other node. */
class ExportedParagraphs {
  readonly #places = new IdMap();
  readonly #tree = new Containment();
  /** By place: the number of a paragraph, or -1. */
  readonly #numbers = new Int32List();
  /** By number. */
  readonly #paragraphs = new Int32List();
  readonly #ids = new Int32List();
  readonly #chunkIds = new TextList();
  /** Places of paragraphs that something holds. */
  readonly #held = new Int32List();
  readonly #next = new Links();
  readonly #prev = new Links();
  readonly #invalid = new OffenderTally();
  #carrying = 0;
  /** Numbers in the order of the chunk ids. */
  #order = new Uint32Array(0);

  get count(): number {
    return this.#paragraphs.length;
  }

  take(line: ExportLine): void {
    if (line.t === 'n') this.#node(line);
    if (line.t === 'r') this.#relationship(line);
  }

  settle(): void {
    this.#tree.settle();
    this.#next.settle(this.count);
    this.#prev.settle(this.count);
    this.#order = Uint32Array.from({ length: this.count }, (_, number) => number);
    this.#order.sort((a, b) => compare(this.#chunkIds.at(a), this.#chunkIds.at(b)));
  }

  *chunks({ onProgress, signal }: CallControl = {}): Generator<ChunkPage> {
    for (let from = 0; from === 0 || from < this.count; from += PAGE) {
      signal?.throwIfAborted();
      const page: ChunkPage = { chunkIds: [], unnamed: [] };
      for (let number = from; number < Math.min(from + PAGE, this.count); number++) {
        const named = this.#chunkIds.at(number) !== '';
        (named ? page.chunkIds : page.unnamed).push(this.#nameOf(number));
      }
      onProgress?.(Math.min(from + PAGE, this.count));
      yield page;
    }
  }

  orphans() {
    const found = new OffenderTally();
    const hangs = new Set<number>();
    const lost = [...this.#order].filter((number) => !this.#tree.placeOf(this.#paragraphs.at(number)));
    const places = new Set(lost.map((number) => this.#paragraphs.at(number)));
    for (let i = 0; i < this.#held.length; i++) {
      if (places.has(this.#held.at(i))) hangs.add(this.#held.at(i));
    }
    for (const number of lost) {
      const why = hangs.has(this.#paragraphs.at(number)) ? 'no chapter reaches its parent' : 'no parent';
      found.add(`${this.#nameOf(number)}: ${why}`);
    }
    return found.result();
  }

  crossReferences() {
    return { ...this.#invalid.result(), carrying: this.#carrying };
  }

  async *links(): AsyncGenerator<ParagraphLinks, void, void> {
    for (const number of this.#order) {
      const chunkId = this.#chunkIds.at(number);
      if (chunkId === '') continue;
      const names = (numbers: number[]) => numbers.map((other) => this.#nameOf(other));
      yield { chunkId, next: names(this.#next.from(number)), prev: names(this.#prev.from(number)) };
    }
  }

  #node({ id, l: labels, p }: NodeLine): void {
    if (isLeftOut(labels)) return this.#places.set(id, LEFT_OUT);
    const place = this.#numbers.length;
    this.#places.set(id, place);
    const isParagraph = labels.includes('Paragraph');
    this.#tree.addNode('', labels.includes('Chapter'));
    this.#numbers.push(isParagraph ? this.count : -1);
    if (!isParagraph) return;
    this.#paragraphs.push(place);
    this.#ids.push(id);
    this.#chunkIds.push(typeof p.chunk_id === 'string' ? p.chunk_id : '');
    if (p.cross_references === undefined) return;
    this.#carrying += 1;
    const problem = crossReferencesProblem(decodeValue(p.cross_references));
    if (problem !== undefined) this.#invalid.add(`${this.#nameOf(this.count - 1)}: ${problem}`);
  }

  #relationship({ y: type, s, e }: RelationshipLine): void {
    const [from, to] = [this.#places.get(s), this.#places.get(e)];
    if (from === undefined || to === undefined) throw damaged('a relationship to a node that it does not hold');
    if (from === LEFT_OUT || to === LEFT_OUT) return;
    this.#tree.addRelationship(type, from, to);
    const [start, end] = [this.#numbers.at(from), this.#numbers.at(to)];
    if (end >= 0 && HOLDS.includes(type)) this.#held.push(to);
    if (start < 0 || end < 0) return;
    if (type === 'NEXT') this.#next.add(start, end);
    if (type === 'PREV') this.#prev.add(start, end);
  }

  #nameOf(number: number): string {
    return this.#chunkIds.at(number) || `node ${this.#ids.at(number)}`;
  }
}

/** Pairs of numbers, to be asked for by the first. */
class Links {
  readonly #starts = new Int32List();
  readonly #ends = new Int32List();
  #begins = new Int32Array(0);
  #sorted = new Int32Array(0);

  add(start: number, end: number): void {
    this.#starts.push(start);
    this.#ends.push(end);
  }

  settle(count: number): void {
    this.#begins = new Int32Array(count + 1);
    for (let i = 0; i < this.#starts.length; i++) this.#count(this.#starts.at(i) + 1, 1);
    for (let i = 1; i <= count; i++) this.#count(i, this.#begins[i - 1] ?? 0);
    const free = this.#begins.slice();
    this.#sorted = new Int32Array(this.#ends.length);
    for (let i = 0; i < this.#starts.length; i++) {
      const at = free[this.#starts.at(i)] ?? 0;
      this.#sorted[at] = this.#ends.at(i);
      free[this.#starts.at(i)] = at + 1;
    }
  }

  from(start: number): number[] {
    return [...this.#sorted.subarray(this.#begins[start], this.#begins[start + 1])];
  }

  #count(at: number, more: number): void {
    this.#begins[at] = (this.#begins[at] ?? 0) + more;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
