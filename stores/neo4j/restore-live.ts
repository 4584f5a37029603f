import { HybridFlowError } from '../../domain/errors';
import { FENCE_LABEL, STAGING_NAMES } from '../../domain/names';
import { ItemWriter } from '../fingerprint';
import { IdMap, Int32List } from './compact';
import type { GraphConnection } from './driver';
import { encodeProperties } from './export';
import { encodeValue, type Json } from './export-values';
import { VERSION_LABEL } from './graph-fingerprint';
import { nodePages, relationshipPages } from './pages';
import { Matcher } from './restore-match';
import { ChapterNumbers, ChapterPlaces } from './restore-places';

/** What the graph holds now, to be matched with what it is to hold. */
export interface LiveGraph {
  /** By content; version labels do not count. */
  nodes: Matcher;
  /** By what stays the same while a node's other properties change; the ids here are places in `nodes`. */
  keys: Matcher;
  /** By type, ends and properties. */
  relationships: Matcher;
  /** The places in `nodes` of the ends of each relationship. */
  starts: Int32List;
  ends: Int32List;
  /** By place in `nodes`. */
  chapters: ChapterPlaces;
  numbers: ChapterNumbers;
}

const LEFT_OUT = -1;

/** Digests of what the live graph and an export both hold, made alike. */
export class Digests {
  readonly #item = new ItemWriter();

  node(labels: readonly string[], properties: string): Buffer {
    return this.#labels(labels).text(properties).digest();
  }

  /** Undefined for a node that has neither `chunk_id` nor `id`. */
  key(labels: readonly string[], chunkId: Json | undefined, id: Json | undefined): Buffer | undefined {
    if (chunkId === undefined && id === undefined) return undefined;
    return this.#labels(labels)
      .text(JSON.stringify([chunkId ?? null, id ?? null]))
      .digest();
  }

  /** `start` and `end` are ids of live nodes. */
  relationship(type: string, start: number, end: number, properties: string): Buffer {
    return this.#item.text(type).text(`${start} ${end}`).text(properties).digest();
  }

  #labels(labels: readonly string[]): ItemWriter {
    const lasting = lastingLabels(labels);
    this.#item.text(String(lasting.length));
    for (const label of lasting) this.#item.text(label);
    return this.#item;
  }
}

/** In order, and without those that say of which versions a node is. */
export function lastingLabels(labels: readonly string[]): string[] {
  return labels.filter((label) => !VERSION_LABEL.test(label)).sort();
}

/** The fence and what is being staged are no part of production. */
export function isLeftOut(labels: readonly string[]): boolean {
  return labels.includes(FENCE_LABEL) || labels.includes(STAGING_NAMES.label);
}

/** Reads the whole graph through once. `tick` is called once a node or relationship. */
export async function readLiveGraph(connection: GraphConnection, tick: () => void): Promise<LiveGraph> {
  const live = emptyGraph();
  const digests = new Digests();
  const places = new IdMap();
  let place = 0;
  for await (const page of nodePages(connection)) {
    for (const [id, labels, properties] of page) {
      tick();
      places.set(id.toNumber(), isLeftOut(labels) ? LEFT_OUT : place);
      if (isLeftOut(labels)) continue;
      live.nodes.add(digests.node(labels, encodeProperties(properties)[0]), id.toNumber());
      const key = digests.key(labels, encoded(properties.chunk_id), encoded(properties.id));
      if (key) live.keys.add(key, place);
      live.chapters.node(labels, properties.id, properties.chunk_id);
      place += 1;
    }
  }
  for await (const page of relationshipPages(connection)) {
    for (const [id, type, start, end, properties] of page) {
      tick();
      const [s, e] = [start.toNumber(), end.toNumber()];
      const [from, to] = [places.get(s), places.get(e)];
      if (from === undefined || to === undefined) throw changedMeanwhile('a relationship to a node made since');
      if (from === LEFT_OUT || to === LEFT_OUT) continue;
      live.starts.push(from);
      live.ends.push(to);
      live.chapters.relationship(type, from, to);
      live.relationships.add(digests.relationship(type, s, e, encodeProperties(properties)[0]), id.toNumber());
    }
  }
  return live;
}

function emptyGraph(): LiveGraph {
  const numbers = new ChapterNumbers();
  const chapters = new ChapterPlaces(numbers);
  const [starts, ends] = [new Int32List(), new Int32List()];
  return {
    ...{ nodes: new Matcher(), keys: new Matcher(), relationships: new Matcher() },
    ...{ starts, ends, chapters, numbers },
  };
}

/** To be tried again: the next attempt reads the graph anew. */
export function changedMeanwhile(found: string): HybridFlowError {
  return new HybridFlowError('NEO4J_UNREACHABLE', {
    found: `the graph was written to while it was restored: ${found}`,
    expected: 'no other writer during a restore',
    next: 'stop the other writer; the restore is then repeated, and goes on from what is there',
  });
}

function encoded(value: unknown): Json | undefined {
  return value === undefined || value === null ? undefined : encodeValue(value);
}
