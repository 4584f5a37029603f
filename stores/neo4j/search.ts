import type { HierarchyNode } from '../ports';
import type { GraphConnection } from './driver';
import { encodeValue } from './export-values';

const KINDS = ['Chapter', 'Section', 'Subsection', 'Subsubsection', 'Paragraph', 'Table', 'Figure'];
const DOWN = 'HAS_SECTION|HAS_SUBSECTION|HAS_SUBSUBSECTION|HAS_PARAGRAPH|CONTAINS_TABLE|CONTAINS_FIGURE';
/** A chapter's tree is six levels deep at most; the bound keeps a tangled graph from being walked without end. */
const DEPTH = 8;

/** Compares `s2` with `s10` as a reader does. */
const byNumber = new Intl.Collator('en', { numeric: true });

interface Edge {
  parent: string;
  child: string;
  relation: string;
  node: HierarchyNode;
}

export async function textsOf(
  connection: GraphConnection,
  chunkIds: readonly string[],
): Promise<Record<string, string>> {
  const rows = await connection.run(
    'MATCH (p:Paragraph) WHERE p.chunk_id IN $chunkIds RETURN p.chunk_id AS chunkId, p.text AS text',
    { chunkIds: [...chunkIds] },
  );
  const texts = rows.map((row): [string, unknown] => [String(row.get('chunkId')), row.get('text')]);
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Of each textbook the first chapter. A chapter that no textbook contains counts as one of a textbook without a name. */
export async function firstChapters(connection: GraphConnection, limit: number): Promise<string[]> {
  const rows = await connection.run(
    `MATCH (c:Chapter) WHERE c.id IS NOT NULL OPTIONAL MATCH (t:Textbook)-[:CONTAINS]->(c)
     RETURN toString(coalesce(t.id, '')) AS textbook, collect(DISTINCT toString(c.id)) AS ids ORDER BY textbook`,
  );
  const firsts = rows.map((row) => inOrder(row.get('ids') as string[], (id) => [id])[0]);
  return firsts.filter((id) => id !== undefined).slice(0, limit);
}

export async function readHierarchy(connection: GraphConnection, chapterId: string): Promise<HierarchyNode | null> {
  const parameters = { chapterId, kinds: KINDS };
  const describe = (node: string) =>
    `elementId(${node}) AS id, [label IN labels(${node}) WHERE label IN $kinds] AS kinds, properties(${node}) AS properties`;
  const [root] = await connection.run(`MATCH (c:Chapter {id: $chapterId}) RETURN ${describe('c')} LIMIT 1`, parameters);
  if (root === undefined) return null;
  const rows = await connection.run(
    `MATCH (c:Chapter {id: $chapterId})-[:${DOWN}*0..${DEPTH}]->(parent)-[r:${DOWN}]->(child)
     WITH DISTINCT elementId(parent) AS parent, type(r) AS relation, child
     RETURN parent, relation, ${describe('child')}`,
    parameters,
  );
  const edges = rows.map((row): Edge => {
    const { parent, relation, id, ...node } = row.toObject() as RawNode & { parent: string; relation: string };
    return { parent, relation, child: id, node: toNode(node) };
  });
  const { id, ...chapter } = root.toObject() as RawNode;
  return grow(toNode(chapter), id, childrenByParent(edges), new Set([id]));
}

interface RawNode {
  id: string;
  kinds: string[];
  properties: Record<string, unknown>;
}

function toNode({ kinds, properties }: Omit<RawNode, 'id'>): HierarchyNode {
  const keys = Object.keys(properties).sort();
  const encoded = Object.fromEntries(keys.map((key) => [key, encodeValue(properties[key])]));
  return { kind: kinds.sort().join(':'), properties: encoded, children: [] };
}

function childrenByParent(edges: Edge[]): Map<string, Edge[]> {
  const grouped = new Map<string, Edge[]>();
  for (const edge of edges) {
    const siblings = grouped.get(edge.parent);
    if (siblings) siblings.push(edge);
    else grouped.set(edge.parent, [edge]);
  }
  const keys = ({ relation, node: { kind, properties } }: Edge) => {
    const { number, id, chunk_id: chunkId } = properties;
    return [relation, kind, text(number), text(id ?? chunkId), JSON.stringify(properties)];
  };
  for (const [parent, children] of grouped) grouped.set(parent, inOrder(children, keys));
  return grouped;
}

/** A node that hangs from several places is unfolded at the first of them only, so that no circle is followed. */
function grow(node: HierarchyNode, id: string, children: Map<string, Edge[]>, unfolded: Set<string>): HierarchyNode {
  for (const { child, node: below } of children.get(id) ?? []) {
    const again = unfolded.has(child);
    unfolded.add(child);
    node.children.push(again ? { ...below, children: [] } : grow(below, child, children, unfolded));
  }
  return node;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
}

function inOrder<T>(items: readonly T[], keys: (item: T) => string[]): T[] {
  const keyed = items.map((item) => ({ item, key: keys(item) }));
  keyed.sort((a, b) => {
    for (const [i, left] of a.key.entries()) {
      const right = b.key[i] ?? '';
      const order = byNumber.compare(left, right) || (left < right ? -1 : left > right ? 1 : 0);
      if (order !== 0) return order;
    }
    return 0;
  });
  return keyed.map(({ item }) => item);
}
