import { damaged } from './export-values';
import type { ExportLine, NodeLine, RelationshipLine } from './export-format';
import { DigestList } from '../fingerprint';
import { IdMap, Int32List } from './compact';
import { propertiesOf } from './fingerprint';
import { IdSet } from './id-set';
import { Digests, isLeftOut, type LiveGraph } from './restore-live';
import { NumberList } from './restore-match';

/** Places of nodes that are in the export but not in the graph: a live node's place is never negative. */
const LEFT_OUT = -1;
const FIRST_NEW = -2;
/** In the place of a key where a node has none; no node has this one. */
const NO_KEY = new Uint8Array(32);

/**
 * What has to change so that the graph holds what an export holds. Takes the export's lines in their order; what it
 * keeps of them is a few dozen bytes each.
 *
 * Nodes are matched three times: the same content under the same id (an untouched graph then needs no change however
 * many nodes look alike), the same content, and the same labels with the same `chunk_id` and `id`, whose other
 * properties are then put back. So a node keeps its identity, relationships and version labels wherever it can. Nodes
 * that look alike may be taken for each other once they have other ids; their relationships are then moved, and the
 * content is the same.
 */
export class RestorePlan {
  /** Nodes of the export whose properties are put back. */
  readonly updated = new IdSet();
  /** Relationships of the export, by their number in the file, that are to be made. */
  readonly missing = new IdSet();
  nodesUpdated = 0;
  nodesCreated = 0;
  relationshipsCreated = 0;
  readonly #digests = new Digests();
  readonly #places = new IdMap();
  /** Nodes that did not find themselves: side by side, since it may be all of them. */
  #unmatched = { ids: new NumberList(), digests: new DigestList(), keys: new DigestList() };
  #relationships = 0;

  /** @param mayUpdate whether nodes can be changed in place: not where a constraint could forbid a state on the way */
  constructor(
    readonly live: LiveGraph,
    private readonly mayUpdate: () => boolean,
  ) {}

  see(line: ExportLine, text: string): void {
    if (line.t === 'n') this.#node(line, text);
    if (line.t === 'r') this.#relationship(line, text);
  }

  /** To be called after the last line. */
  end(): void {
    this.#settleNodes();
  }

  get changes(): number {
    const { nodes, relationships } = this.live;
    return this.nodesUpdated + this.nodesCreated + this.relationshipsCreated + nodes.left + relationships.left;
  }

  /** Where the export's node stands: a live node's id, the number of one that is to be made, or nowhere. */
  nodeOf(id: number): { live: number } | { made: number } | undefined {
    const place = this.#places.get(id);
    if (place === undefined) throw damaged('a relationship to a node that it does not hold');
    if (place === LEFT_OUT) return undefined;
    return place >= 0 ? { live: this.live.nodes.idAt(place) } : { made: FIRST_NEW - place };
  }

  /** Whether the export's node is to be made or put right. */
  isChanged(id: number): boolean {
    const where = this.nodeOf(id);
    return where !== undefined && ('made' in where || this.updated.has(id));
  }

  #node({ id, l, p }: NodeLine, text: string): void {
    if (isLeftOut(l)) return this.#places.set(id, LEFT_OUT);
    const digest = this.#digests.node(l, propertiesOf(text));
    const place = this.live.nodes.takeExact(digest, id);
    if (place !== undefined) return this.#places.set(id, place);
    this.#unmatched.ids.push(id);
    this.#unmatched.digests.push(digest);
    this.#unmatched.keys.push(this.#digests.key(l, p.chunk_id, p.id) ?? NO_KEY);
  }

  /** Once all nodes were seen, so that none that found itself is taken by another. */
  #settleNodes(): void {
    const { ids, digests, keys } = this.#unmatched;
    this.#unmatched = { ids: new NumberList(), digests: new DigestList(), keys: new DigestList() };
    const rest = new Int32List();
    for (let i = 0; i < ids.length; i++) {
      const place = this.live.nodes.take(digests.at(i));
      if (place === undefined) rest.push(i);
      else this.#places.set(ids.at(i), place);
    }
    for (let i = 0; i < rest.length; i++) this.#updateOrCreate(ids.at(rest.at(i)), keys.at(rest.at(i)));
  }

  #updateOrCreate(id: number, key: Uint8Array): void {
    const place = this.mayUpdate() ? this.#takeByKey(key) : undefined;
    if (place === undefined) return this.#places.set(id, FIRST_NEW - this.nodesCreated++);
    this.#places.set(id, place);
    this.updated.add(id);
    this.nodesUpdated += 1;
  }

  #takeByKey(key: Uint8Array): number | undefined {
    const { keys, nodes } = this.live;
    for (let at = keys.take(key); at !== undefined; at = keys.take(key)) {
      const place = keys.idAt(at);
      if (!nodes.isLeft(place)) continue;
      nodes.takeAt(place);
      return place;
    }
    return undefined;
  }

  #relationship({ y, s, e }: RelationshipLine, text: string): void {
    if (this.#relationships === 0) this.#settleNodes();
    const number = this.#relationships++;
    const [start, end] = [this.nodeOf(s), this.nodeOf(e)];
    if (!start || !end) return;
    if ('live' in start && 'live' in end) {
      const digest = this.#digests.relationship(y, start.live, end.live, propertiesOf(text));
      if (this.live.relationships.take(digest) !== undefined) return;
    }
    this.missing.add(number);
    this.relationshipsCreated += 1;
  }
}
