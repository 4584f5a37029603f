import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { IdMap } from '../../stores/neo4j/compact';
import { GraphFingerprint } from '../../stores/neo4j/graph-fingerprint';

interface Node {
  labels: string[];
  properties: Record<string, unknown>;
}
interface Relationship {
  type: string;
  from: string;
  to: string;
  properties?: object;
}
interface Graph {
  nodes: Record<string, Node>;
  relationships: Relationship[];
}

/** The graph handed in with server ids and an order of somebody's choice. */
function fingerprint({ nodes, relationships }: Graph, order: { names?: string[]; first?: number } = {}) {
  const print = new GraphFingerprint();
  const names = order.names ?? Object.keys(nodes);
  const idOf = (name: string) => (order.first ?? 0) + names.indexOf(name);
  for (const name of names) {
    const { labels = [], properties = {} } = nodes[name] ?? {};
    print.node(idOf(name), [...labels].sort(), JSON.stringify(properties), properties.id);
  }
  for (const { type, from, to, properties = {} } of order.first ? [...relationships].reverse() : relationships) {
    print.relationship(type, idOf(from), idOf(to), JSON.stringify(properties));
  }
  return print.groups();
}

const node = (labels: string, properties: object = {}): Node => ({
  labels: labels.split(':'),
  properties: properties as Record<string, unknown>,
});
const paragraph = (id: string) => node('Paragraph', { chunk_id: id, text: `text of ${id}` });
const rel = (from: string, type: string, to: string): Relationship => ({ type, from, to });

function book(): Graph {
  return {
    nodes: {
      t: node('Textbook', { id: 'bailey' }),
      c1: node('Chapter', { id: 'bailey:ch1' }),
      c2: node('Chapter', { id: 'bailey:ch2' }),
      s: node('Section', { id: 'bailey:ch1:s1' }),
      ss: node('Subsection', { id: 'bailey:ch1:s1:ss1.1' }),
      p1: paragraph('1'),
      p2: paragraph('2'),
      p3: paragraph('3'),
      lone: paragraph('lone'),
      f: node('Figure', { id: 'f1' }),
    },
    relationships: [
      rel('t', 'CONTAINS', 'c1'),
      rel('t', 'CONTAINS', 'c2'),
      rel('c1', 'HAS_SECTION', 's'),
      rel('s', 'HAS_SUBSECTION', 'ss'),
      rel('ss', 'HAS_PARAGRAPH', 'p1'),
      rel('s', 'HAS_PARAGRAPH', 'p2'),
      rel('c2', 'HAS_PARAGRAPH', 'p3'),
      rel('p1', 'NEXT', 'p2'),
      rel('p1', 'CONTAINS_FIGURE', 'f'),
    ],
  };
}

/** The names of the groups that differ between the book and the book changed. */
function changed(change: (graph: Graph) => void): string[] {
  const graph = book();
  change(graph);
  const [before, after] = [fingerprint(book()), fingerprint(graph)].map(
    (groups) => new Map(groups.map(({ group, items, sha256 }) => [group, `${items} ${sha256}`])),
  );
  return [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])]
    .filter((name) => before?.get(name) !== after?.get(name))
    .sort();
}

const properties = (graph: Graph, name: string) => graph.nodes[name]?.properties ?? {};

test('paragraphs are grouped by their chapter, everything else has groups of its own', () => {
  expect(fingerprint(book()).map(({ group, items }) => [group, items])).toEqual([
    ['(no chapter)', 1],
    ['(other nodes)', 6],
    ['(relationships)', 9],
    ['bailey:ch1', 2],
    ['bailey:ch2', 1],
  ]);
});

test('items are what the documentation says, byte for byte', () => {
  const net = (...fields: (string | Buffer)[]) =>
    Buffer.concat(
      fields.map((f) =>
        Buffer.concat([Buffer.from(`${Buffer.byteLength(f)}:`), Buffer.from(f as string), Buffer.from(',')]),
      ),
    );
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const one = (item: Buffer) => hash(hash(item)).toString('hex');
  const print = new GraphFingerprint();
  print.schema('constraint', 'CREATE x');
  print.node(7, ['Chapter'], '{"id":"ch"}', 'ch');
  print.node(9, ['Paragraph', 'v1_baseline'], '{"text":"é"}', undefined);
  print.relationship('HAS_PARAGRAPH', 7, 9, '{"w":1}');
  const [chapter, text] = [net('1', 'Chapter', '{"id":"ch"}'), hash(net('1', 'Paragraph', '{"text":"é"}'))];
  expect(print.groups()).toEqual([
    { group: '(other nodes)', items: 1, sha256: one(chapter) },
    { group: '(relationships)', items: 1, sha256: one(net('HAS_PARAGRAPH', hash(chapter), text, '{"w":1}')) },
    { group: '(schema)', items: 1, sha256: one(net('constraint', 'CREATE x')) },
    { group: 'ch', items: 1, sha256: one(net(text, net('', 'ch'))) },
  ]);
});

test('ids and orders of the server play no part', () => {
  const names = Object.keys(book().nodes);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(names, { minLength: names.length }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      (n, first) => expect(fingerprint(book(), { names: n, first })).toEqual(fingerprint(book())),
    ),
  );
});

test('version labels, the fence and what is being staged play no part', () => {
  const without = changed((graph) => {
    for (const name of ['p1', 'p2', 'c1']) graph.nodes[name]?.labels.push('v1_baseline', 'v12_minor');
    graph.nodes.fence = node('__HybridFlowFence', { token: 'x' });
    graph.nodes.staged = node('Paragraph:staging', { chunk_id: '1', text: 'new' });
    graph.relationships.push(rel('s', 'HAS_PARAGRAPH', 'staged'), rel('staged', 'NEXT', 'p1'));
  });
  expect(without).toEqual([]);
  expect(changed((graph) => graph.nodes.p1?.labels.push('v1_baselines'))).toContain('bailey:ch1');
});

test.each<[string, (graph: Graph) => void, string[]]>([
  ['a word in a paragraph', (g) => (properties(g, 'p1').text = 'other'), ['(relationships)', 'bailey:ch1']],
  [
    'a paragraph that hangs elsewhere',
    (g) => (g.relationships[4] = rel('s', 'HAS_PARAGRAPH', 'p1')),
    ['(relationships)', 'bailey:ch1'],
  ],
  [
    'one that moved to another chapter',
    (g) => (g.relationships[6] = rel('s', 'HAS_PARAGRAPH', 'p3')),
    ['(relationships)', 'bailey:ch1', 'bailey:ch2'],
  ],
  ['one that lost its place', (g) => g.relationships.splice(5, 1), ['(no chapter)', '(relationships)', 'bailey:ch1']],
  ['a chapter of another textbook', (g) => g.relationships.splice(1, 1), ['(relationships)', 'bailey:ch2']],
  ['a link that turned round', (g) => (g.relationships[7] = rel('p2', 'NEXT', 'p1')), ['(relationships)']],
  ['a property of a link', (g) => ((g.relationships[7] ?? rel('', '', '')).properties = { w: 1 }), ['(relationships)']],
  ['a caption', (g) => (properties(g, 'f').caption = 'x'), ['(other nodes)', '(relationships)']],
])('it tells %s', (_, change, groups) => expect(changed(change)).toEqual(groups));

describe('a graph that is no tree', () => {
  const any = (graph: Graph) => {
    const names = Object.keys(graph.nodes);
    const results = [names, [...names].reverse(), [...names].sort()].map((n, i) =>
      fingerprint(graph, { names: n, first: i * 10 }),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    return Object.fromEntries(fingerprint(graph).map(({ group, items }) => [group, items]));
  };

  test('takes the shortest way, and of equally short ones the first by its bytes', () => {
    const graph = book();
    graph.relationships.push(rel('c2', 'HAS_PARAGRAPH', 'p1'), rel('c1', 'HAS_PARAGRAPH', 'p3'));
    // p1 hangs two levels below ch1, and directly below ch2; p3 directly below both.
    expect(any(graph)).toMatchObject({ 'bailey:ch1': 2, 'bailey:ch2': 1 });
  });

  test('does not go round in circles, be they below a chapter or apart', () => {
    const graph = book();
    Object.assign(graph.nodes, {
      a: node('Section', { id: 'a' }),
      b: node('Section', { id: 'b' }),
      p4: paragraph('4'),
    });
    graph.relationships.push(
      ...[rel('ss', 'HAS_SECTION', 's'), rel('s', 'HAS_SECTION', 's'), rel('p1', 'HAS_PARAGRAPH', 'p1')],
      ...[rel('a', 'HAS_SECTION', 'b'), rel('b', 'HAS_SECTION', 'a'), rel('b', 'HAS_PARAGRAPH', 'p4')],
    );
    expect(any(graph)).toMatchObject({ '(no chapter)': 2, 'bailey:ch1': 2, 'bailey:ch2': 1 });
  });

  test('has sections of equal ids kept apart by what leads to them', () => {
    const graph = book();
    graph.nodes.twin = node('Section', { id: 'bailey:ch1:s1' });
    graph.relationships.push(rel('c2', 'HAS_SECTION', 'twin'), rel('twin', 'HAS_PARAGRAPH', 'p2'));
    expect(any(graph)).toMatchObject({ 'bailey:ch1': 2, 'bailey:ch2': 1 });
  });

  test('a chapter without an id is no group', () => {
    const graph = book();
    delete properties(graph, 'c2').id;
    expect(any(graph)).toMatchObject({ '(no chapter)': 2, 'bailey:ch1': 2 });
  });
});

test('a relationship to a node that was never handed in is not taken for one', () => {
  const print = new GraphFingerprint();
  print.node(1, [], '{}', undefined);
  expect(print.relationship('NEXT', 1, 2, '{}')).toBe(false);
  expect(print.relationship('NEXT', 1, 1, '{}')).toBe(true);
});

test('ids find their places, however they are spread', () => {
  const ids = [...Array(5_000).keys(), ...Array.from({ length: 5_000 }, (_, i) => 2 ** 40 + i * 4096), 2 ** 53 - 1];
  const map = new IdMap();
  ids.forEach((id, place) => map.set(id, place));
  expect(ids.every((id, place) => map.get(id) === place)).toBe(true);
  expect([5_000, 2 ** 40 + 1, 2 ** 52].map((id) => map.get(id))).toEqual([undefined, undefined, undefined]);
  map.set(7, 1);
  expect(map.get(7)).toBe(1);
});
