import neo4j, { type Record as Row } from 'neo4j-driver';
import { onlyRow, toNumber, type SendStatement } from './driver';
import { encodeProperties } from './export';
import { known, nodeRow, prefixOf, TREE, type Known, type NodeFacts, type Side } from './staged-nodes';

/** A node of a chapter that is switched. */
export interface Member extends Known {
  id: number;
  /** As the server has them. */
  stored: string[];
  /** The chapter that it belongs to, by its name or by the tree. */
  of: string;
}

export interface Link {
  id: number;
  type: string;
  start: number;
  end: number;
  properties: Record<string, unknown>;
  /** The properties as an export writes them: equal texts are equal properties. */
  text: string;
}

/** The nodes of some chapters on one side, and every relationship that touches one of them. */
export interface Part {
  members: Map<number, Member>;
  links: Link[];
}

/**
 * Reads what belongs to these chapters on one side. `named` are the ids of nodes that a survey found to be theirs by
 * name; they are looked at again, since ids may be used again once their node is gone.
 */
export async function readPart(
  send: SendStatement,
  side: Side,
  chapters: readonly string[],
  named: readonly number[],
): Promise<Part> {
  const members = new Map<number, Member>();
  const theirs = new Set(chapters);
  const add = (facts: NodeFacts, parent?: Member) => {
    const member = asMember(facts, parent);
    if (members.has(member.id) || !theirs.has(member.of)) return undefined;
    members.set(member.id, member);
    return member;
  };
  for (const facts of await readSeeds(send, side, chapters, named)) add(facts);
  let frontier = [...members.keys()];
  while (frontier.length > 0) {
    const below = await readBelow(send, side, frontier, [...members.keys()]);
    frontier = below.flatMap(([above, facts]) => add(facts, members.get(toNumber(above)))?.id ?? []);
  }
  return { members, links: await readLinks(send, side, [...members.keys()]) };
}

/** Where neither the name nor a parent says a chapter, it belongs to none. */
function asMember([id, labels, key, chunkId]: NodeFacts, parent?: Member): Member {
  const one = known(labels, key, chunkId);
  const mayHang = one.kind !== 'Textbook' && one.kind !== 'Chapter';
  return { ...one, id: toNumber(id), stored: labels, of: one.chapter ?? (mayHang ? parent?.of : undefined) ?? '' };
}

async function readSeeds(
  send: SendStatement,
  side: Side,
  chapters: readonly string[],
  named: readonly number[],
): Promise<NodeFacts[]> {
  const here = side.holds('n');
  const page = `RETURN collect(${nodeRow('n')}) AS page`;
  const roots = `MATCH (n:${side.label('Chapter')}) WHERE n.id IN $chapters AND ${here} ${page}`;
  const paragraphs = `UNWIND $prefixes AS prefix
    MATCH (n:${side.label('Paragraph')}) WHERE n.chunk_id STARTS WITH prefix AND ${here} ${page}`;
  const others = `MATCH (n) WHERE id(n) IN $named AND ${here} ${page}`;
  const found = pageOf<NodeFacts>(await send(others, { named: asIds(named) }));
  if (!side.indexed) return found;
  return [
    ...pageOf<NodeFacts>(await send(roots, { chapters: [...chapters] })),
    ...pageOf<NodeFacts>(await send(paragraphs, { prefixes: chapters.map(prefixOf) })),
    ...found,
  ];
}

/** One level of the tree for all chapters at once, so that a chapter in circles is walked through once too. */
async function readBelow(
  send: SendStatement,
  side: Side,
  above: number[],
  seen: number[],
): Promise<[above: unknown, facts: NodeFacts][]> {
  const query = `MATCH (a)-[:${TREE.join('|')}]->(n) WHERE id(a) IN $above AND NOT id(n) IN $seen AND ${side.holds('n')}
    RETURN collect([id(a), ${nodeRow('n')}]) AS page`;
  return pageOf(await send(query, { above: asIds(above), seen: asIds(seen) }));
}

async function readLinks(send: SendStatement, side: Side, ids: readonly number[]): Promise<Link[]> {
  const page = 'RETURN collect([id(r), type(r), id(startNode(r)), id(endNode(r)), properties(r)]) AS page';
  const parameters = { ids: asIds(ids) };
  const out = `MATCH (n)-[r]->(m) WHERE id(n) IN $ids AND ${side.holds('m')} ${page}`;
  const into = `MATCH (n)<-[r]-(m) WHERE id(n) IN $ids AND NOT id(m) IN $ids AND ${side.holds('m')} ${page}`;
  return [...pageOf<LinkRow>(await send(out, parameters)), ...pageOf<LinkRow>(await send(into, parameters))].map(
    ([id, type, start, end, properties]) => ({
      ...{ id: toNumber(id), type, start: toNumber(start), end: toNumber(end), properties },
      text: encodeProperties(properties)[0],
    }),
  );
}

type LinkRow = [id: unknown, type: string, start: unknown, end: unknown, properties: Record<string, unknown>];

/** One row with a list takes the driver a fifth of the time that a row for each takes. */
export function pageOf<T>(rows: Row[]): T[] {
  return onlyRow(rows).get('page') as T[];
}

export function asIds(ids: Iterable<number>) {
  return [...ids].map((id) => neo4j.int(id));
}
