import type { ComparedBy } from '../../domain/compare';
import { FENCE_LABEL, STAGING_NAMES } from '../../domain/names';
import { DigestList, ItemWriter } from '../fingerprint';
import { listedName } from '../group-names';
import type { CallControl } from '../ports';
import type { ChunkDigest } from '../ports/contents';
import { IdMap, Int32List, TextList } from './compact';
import { Containment } from './containment';
import type { ExportLine, NodeLine } from './export-format';
import { damaged, type Json } from './export-values';
import { propertiesOf } from './fingerprint';
import { VERSION_LABEL } from './graph-fingerprint';
import { checkExport } from './import-read';

/** The place of a node that is no part of the content. */
const LEFT_OUT = -1;
/** The question whether to stop, once so many lines. */
const STRIDE = 2_000;

/**
 * Every paragraph of these groups in an export. By content, its digest is the one that the group's fingerprint is made of;
 * by text, that of its text alone. The whole file is read, and proven by its footer, before the first is handed out.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is missing or not whole
 */
export async function* readParagraphs(
  file: string,
  wanted: ReadonlySet<string>,
  by: ComparedBy,
  { signal }: CallControl = {},
): AsyncGenerator<ChunkDigest> {
  const graph = new ExportedParagraphs(by);
  let lines = 0;
  await whole(file, (line, text) => {
    if (++lines % STRIDE === 0) signal?.throwIfAborted();
    graph.take(line, text);
  });
  yield* graph.among(wanted);
}

/**
 * chunk_id -> text of those paragraphs; one without a text is left out.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED
 */
export async function readTexts(
  file: string,
  chunkIds: ReadonlySet<string>,
  { signal }: CallControl = {},
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  await whole(file, (line) => {
    signal?.throwIfAborted();
    if (line.t !== 'n' || !isParagraph(line) || typeof line.p.chunk_id !== 'string') return;
    if (chunkIds.has(line.p.chunk_id) && typeof line.p.text === 'string') texts.set(line.p.chunk_id, line.p.text);
  });
  return texts;
}

async function whole(file: string, see: (line: ExportLine, text: string) => void): Promise<void> {
  try {
    await checkExport(file, see);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? damaged(`nothing: ${file} is missing`) : error;
  }
}

/** As the fingerprint reads a graph, with the paragraphs one by one. Holds some hundred bytes a node. */
class ExportedParagraphs {
  readonly #item = new ItemWriter();
  readonly #places = new IdMap();
  readonly #tree = new Containment();
  readonly #nodes = new Int32List();
  readonly #chunkIds = new TextList();
  readonly #digests = new DigestList();
  #count = 0;

  constructor(private readonly by: ComparedBy) {}

  take(line: ExportLine, text: string): void {
    if (line.t === 'n') this.#node(line, text);
    if (line.t !== 'r') return;
    const [from, to] = [this.#places.get(line.s), this.#places.get(line.e)];
    if (from === undefined || to === undefined) throw damaged('a relationship to a node that it does not hold');
    if (from !== LEFT_OUT && to !== LEFT_OUT) this.#tree.addRelationship(line.y, from, to);
  }

  *among(wanted: ReadonlySet<string>): Generator<ChunkDigest> {
    this.#tree.settle();
    for (let i = 0; i < this.#nodes.length; i++) {
      const place = this.#tree.placeOf(this.#nodes.at(i));
      const group = !place || place.chapter === '' ? '(no chapter)' : listedName(place.chapter);
      if (!wanted.has(group)) continue;
      const own = Uint8Array.from(this.#digests.at(i));
      const digest =
        this.by === 'text'
          ? own
          : this.#item
              .raw(own)
              .text(place?.path ?? '')
              .digest();
      yield { group, chunkId: this.#chunkIds.at(i), digest };
    }
  }

  #node(line: NodeLine, text: string): void {
    if (line.l.includes(STAGING_NAMES.label) || line.l.includes(FENCE_LABEL)) {
      return this.#places.set(line.id, LEFT_OUT);
    }
    const paragraph = isParagraph(line);
    this.#places.set(line.id, this.#count);
    this.#tree.addNode(paragraph ? '' : idText(line.p.id), line.l.includes('Chapter'));
    if (paragraph) {
      const { chunk_id: chunkId } = line.p;
      this.#nodes.push(this.#count);
      this.#chunkIds.push(typeof chunkId === 'string' && chunkId !== '' ? chunkId : 'a paragraph without chunk_id');
      this.#digests.push(this.by === 'text' ? textDigest(this.#item, line.p.text) : this.#content(line, text));
    }
    this.#count += 1;
  }

  #content({ l }: NodeLine, text: string): Buffer {
    const lasting = l.filter((label) => !VERSION_LABEL.test(label));
    this.#item.text(String(lasting.length));
    for (const label of lasting) this.#item.text(label);
    return this.#item.text(propertiesOf(text)).digest();
  }
}

/** What a paragraph is held by where its text is all that both sides can tell. */
export function textDigest(item: ItemWriter, text: unknown): Buffer {
  return item.text(typeof text === 'string' ? text : '').digest();
}

function isParagraph({ l }: NodeLine): boolean {
  return l.includes('Paragraph') && !l.includes(STAGING_NAMES.label) && !l.includes(FENCE_LABEL);
}

function idText(key: Json | undefined): string {
  if (typeof key === 'string') return key;
  return typeof key === 'number' && Number.isInteger(key) ? String(key) : '';
}
