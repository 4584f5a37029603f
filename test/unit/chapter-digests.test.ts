import { chaptersThatDiffer, partOf } from '../../domain/chapter-digest';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { ChapterDigests } from '../../stores/neo4j/chapter-digests';
import type { Json } from '../../stores/neo4j/export-values';

interface Node {
  labels: string[];
  properties: Record<string, Json>;
}
type Link = [from: string, type: string, to: string, properties?: object];
interface Graph {
  nodes: Record<string, Node>;
  links: Link[];
}

const node = (labels: string, properties: Record<string, Json> = {}): Node => ({
  labels: labels.split(':'),
  properties,
});
const paragraph = (id: string) => node('Paragraph', { chunk_id: id, text: `text of ${id}` });

function book(): Graph {
  return {
    nodes: {
      t: node('Textbook', { id: 'x', title: 'the book' }),
      c1: node('Chapter', { id: 'x:ch1', title: 'one' }),
      c2: node('Chapter', { id: 'x:ch2', title: 'two' }),
      c3: node('Chapter', { id: 'x:ch3', title: 'three' }),
      s1: node('Section', { id: 'x:ch1:s1', title: 'first' }),
      p1: paragraph('x:ch1:1'),
      p2: paragraph('x:ch1:2'),
      p3: paragraph('x:ch2:1'),
      p4: paragraph('x:ch3:1'),
      // Nothing in their names says a chapter.
      table: node('Table', { id: 'loose', caption: 'a table' }),
      figure: node('Figure', { caption: 'of the table' }),
      loose: node('Section', { title: 'nowhere' }),
      term: node('Concept', { name: 'lung' }),
    },
    links: [
      ['t', 'CONTAINS', 'c1'],
      ['t', 'CONTAINS', 'c2'],
      ['c1', 'HAS_SECTION', 's1'],
      ['s1', 'HAS_PARAGRAPH', 'p1'],
      ['s1', 'HAS_PARAGRAPH', 'p2'],
      ['c2', 'HAS_PARAGRAPH', 'p3'],
      ['c3', 'HAS_PARAGRAPH', 'p4'],
      ['p1', 'NEXT', 'p2'],
      ['p2', 'CITES', 'p3'],
      ['p2', 'CONTAINS_TABLE', 'table'],
      ['p4', 'CONTAINS_TABLE', 'table'],
      ['table', 'CONTAINS_FIGURE', 'figure'],
      ['term', 'NEAR', 'loose'],
    ],
  };
}

function digest({ nodes, links }: Graph, first = 0, wanted?: Set<string>): GroupFingerprint[] {
  const digests = new ChapterDigests(wanted);
  const names = first === 0 ? Object.keys(nodes) : Object.keys(nodes).reverse();
  const idOf = (name: string) => first + names.indexOf(name);
  for (const name of names) {
    const { labels, properties } = nodes[name] ?? node('');
    const { id, chunk_id: chunkId } = properties;
    digests.node(idOf(name), [...labels].sort(), JSON.stringify(properties), { id, chunkId });
  }
  for (const [from, type, to, properties = {}] of first === 0 ? links : [...links].reverse()) {
    expect(digests.relationship(type, idOf(from), idOf(to), JSON.stringify(properties))).toBe(true);
  }
  return digests.groups();
}

function differing(change: (graph: Graph) => void) {
  const graph = book();
  change(graph);
  const there = chaptersThatDiffer(digest(graph), digest(book()));
  // What differs one way differs the other way, but for chapters that are not there.
  const back = chaptersThatDiffer(digest(book()), digest(graph));
  expect(back.beyond).toBe(there.beyond);
  return { there: there.chapters, back: back.chapters, beyond: there.beyond };
}
const set = (name: string, properties: Record<string, Json>) => (graph: Graph) => {
  Object.assign(graph.nodes[name]?.properties ?? {}, properties);
};
const without = (type: string, from: string) => (graph: Graph) => {
  graph.links = graph.links.filter((link) => link[0] !== from || link[1] !== type);
};
const both = (...chapters: string[]) => ({ there: chapters, back: chapters, beyond: false });

it('does not depend on the order in which a server hands things out, nor on its ids', () => {
  expect(digest(book(), 1_000)).toEqual(digest(book()));
});

it.each<[what: string, change: (graph: Graph) => void, found: ReturnType<typeof differing>]>([
  ['nothing', () => undefined, both()],
  ['a version label', (g) => g.nodes.p1?.labels.push('v1_baseline'), both()],
  ['a word in a paragraph, which another chapter’s only knows by name', set('p3', { text: 'other' }), both('x:ch2')],
  ['the title of a chapter', set('c1', { title: 'anew' }), both('x:ch1')],
  ['the title of a section', set('s1', { title: 'anew' }), both('x:ch1')],
  ['a label', (g) => g.nodes.s1?.labels.push('Marked'), both('x:ch1')],
  ['a table that two chapters lead to', set('table', { caption: 'anew' }), both('x:ch1', 'x:ch3')],
  ['what hangs below it', set('figure', { caption: 'anew' }), both('x:ch1', 'x:ch3')],
  ['a link within', without('NEXT', 'p1'), both('x:ch1')],
  ['a property of a link', (g) => (g.links[7] = ['p1', 'NEXT', 'p2', { w: 1 }]), both('x:ch1')],
  ['a link that turned round', (g) => (g.links[7] = ['p2', 'NEXT', 'p1']), both('x:ch1')],
  ['a link that leads out', without('CITES', 'p2'), both('x:ch1', 'x:ch2')],
  ['a textbook', set('t', { title: 'anew' }), both('x:ch1', 'x:ch2')],
  ['a chapter that leaves its textbook', (g) => g.links.splice(1, 1), both('x:ch2')],
  ['what belongs to no chapter', set('term', { name: 'heart' }), { ...both(), beyond: true }],
  ['a section that hangs nowhere', set('loose', { title: 'still' }), { ...both(), beyond: true }],
  [
    'a chapter that is not there',
    (g) => {
      for (const name of ['c2', 'p3']) delete g.nodes[name];
      g.links = g.links.filter(([from, , to]) => ![from, to].some((end) => end === 'c2' || end === 'p3'));
    },
    { there: ['x:ch1'], back: ['x:ch1', 'x:ch2'], beyond: false },
  ],
])('names the chapters in which graphs differ: %s', (_, change, found) => {
  expect(differing(change)).toEqual(found);
});

it.each([[[]], [['x:ch1']], [['x:ch2', 'x:ch3']], [['x:ch9']]])(
  'tells of %j alone what it tells of all',
  (chapters) => {
    const wanted = new Set<string>(chapters);
    const all = digest(book()).filter(({ group }) => wanted.has(partOf(group)?.chapter ?? ''));
    expect(digest(book(), 0, wanted)).toEqual(all);
    expect(digest(book(), 1_000, wanted)).toEqual(all);
  },
);

it('leaves out the fence and what is staged', () => {
  const graph = book();
  graph.nodes.fence = node('HybridFlowFence:staging', { id: 'x:ch1:f' });
  graph.links.push(['fence', 'NEXT', 'p1']);
  expect(digest(graph)).toEqual(digest(book()));
});

it('says of a relationship whether it knows both ends', () => {
  const digests = new ChapterDigests();
  digests.node(1, ['Chapter'], '{}', { id: 'x:ch1' });
  expect(digests.relationship('NEXT', 1, 2, '{}')).toBe(false);
});
