import type { GroupFingerprint } from '../../domain/fingerprint';
import { FENCE_LABEL, STAGING_NAMES } from '../../domain/names';
import { DigestList, FingerprintGroups, ItemWriter } from '../fingerprint';
import { IdMap, Int32List } from './compact';
import { Containment } from './containment';

export const VERSION_LABEL = /^v\d+_(baseline|minor|major)$/;
/** The place of a node that is no part of the content: the fence, and a version that is being staged. */
const LEFT_OUT = -1;

/**
 * The fingerprint of a graph whose nodes are handed in before its relationships, be it from the server or from an
 * export: the text of the properties is the one that the export writes. Holds some hundred bytes a node.
 */
export class GraphFingerprint {
  readonly #groups = new FingerprintGroups();
  readonly #item = new ItemWriter();
  readonly #places = new IdMap();
  readonly #nodes = new DigestList();
  readonly #paragraphs = new Int32List();
  readonly #tree = new Containment();

  /** A constraint, or an index that somebody made; what comes with either of them is not handed in. */
  schema(kind: 'constraint' | 'index', ddl: string): void {
    this.#groups.add('(schema)', this.#item.text(kind).text(ddl).digest());
  }

  /** `key` is the node's property `id`, as the export encodes it. */
  node(id: number, labels: readonly string[], properties: string, key: unknown): void {
    if (labels.includes(STAGING_NAMES.label) || labels.includes(FENCE_LABEL)) return this.#places.set(id, LEFT_OUT);
    const lasting = labels.filter((label) => !VERSION_LABEL.test(label));
    this.#item.text(String(lasting.length));
    for (const label of lasting) this.#item.text(label);
    const digest = this.#item.text(properties).digest();
    const isParagraph = lasting.includes('Paragraph');
    if (isParagraph) this.#paragraphs.push(this.#nodes.count);
    else this.#groups.add('(other nodes)', digest);
    this.#places.set(id, this.#nodes.count);
    this.#nodes.push(digest);
    this.#tree.addNode(isParagraph ? '' : idText(key), lasting.includes('Chapter'));
  }

  /** False where either end is a node that was never handed in. */
  relationship(type: string, start: number, end: number, properties: string): boolean {
    const [from, to] = [this.#places.get(start), this.#places.get(end)];
    if (from === undefined || to === undefined) return false;
    if (from === LEFT_OUT || to === LEFT_OUT) return true;
    const item = this.#item.text(type).raw(this.#nodes.at(from)).raw(this.#nodes.at(to)).text(properties);
    this.#groups.add('(relationships)', item.digest());
    this.#tree.addRelationship(type, from, to);
    return true;
  }

  /** The groups, once everything was handed in. */
  groups(): GroupFingerprint[] {
    this.#tree.settle();
    for (let i = 0; i < this.#paragraphs.length; i++) {
      const node = this.#paragraphs.at(i);
      const place = this.#tree.placeOf(node);
      const digest = this.#item
        .raw(this.#nodes.at(node))
        .text(place?.path ?? '')
        .digest();
      this.#groups.add(!place || place.chapter === '' ? '(no chapter)' : place.chapter, digest);
    }
    return this.#groups.list();
  }
}

/** Ids are texts; whoever numbers instead is understood too. */
function idText(key: unknown): string {
  if (typeof key === 'string') return key;
  return Number.isInteger(key) ? String(key) : '';
}
