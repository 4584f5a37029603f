import neo4j from 'neo4j-driver';
import { STAGED_LINK, STAGED_PREFIX, STAGING_NAMES } from '../../../domain/names';
import { encodeProperties } from '../../../stores/neo4j/export';
import { TEST_LABEL, type TestGraph } from '../../support/test-graph';

/** A chapter in few words; what is not said is made up alike each time. */
export interface Chapter {
  /** `x:ch1` */
  id: string;
  textbook: string;
  title: string;
  /** Each a section; the second one of a chapter lies below the first. */
  sections: string[];
  paragraphs: Paragraph[];
  tables: Table[];
  /** Paragraphs after which the chain is broken. */
  breaks: number[];
}

export interface Paragraph {
  number: string;
  text: string;
  /** The section that it hangs from; null: the chapter itself. */
  section: string | null;
  /** A label more. */
  marked?: boolean;
  /** A float where whole, else an integer. */
  weight?: { float: boolean; value: number };
}

export interface Table {
  id: string;
  /** Number of its paragraph. */
  paragraph: string;
  /** By a relationship; a table that is not linked says its paragraph by property. */
  linked: boolean;
}

export interface CrossLink {
  type: string;
  from: string;
  to: string;
}

export interface Book {
  chapters: Chapter[];
  links: CrossLink[];
}

interface NodeRow {
  ref: string;
  labels: string[];
  properties: Record<string, unknown>;
}
interface LinkRow {
  type: string;
  start: string;
  end: string;
}
export interface Rows {
  nodes: NodeRow[];
  links: LinkRow[];
}

export const chunk = (chapter: string, number: string) => `${chapter}:${number}`;
const paragraphRef = (chunkId: string) => `Paragraph ${chunkId}`;

/** The graph of a book, with each textbook once. */
export function rowsOf({ chapters, links }: Book): Rows {
  const rows = chapters.map(chapterRows);
  const nodes = new Map(rows.flatMap((part) => part.nodes).map((node) => [node.ref, node]));
  const cross = links.map(({ type, from, to }) => ({ type, start: paragraphRef(from), end: paragraphRef(to) }));
  return { nodes: [...nodes.values()], links: [...rows.flatMap((part) => part.links), ...cross] };
}

function chapterRows({ id, textbook, title, sections, paragraphs, tables, breaks }: Chapter): Rows {
  const nodes: NodeRow[] = [];
  const links: LinkRow[] = [];
  const add = (kind: string, key: string, properties: Record<string, unknown>, more: string[] = []) => {
    nodes.push({ ref: `${kind} ${key}`, labels: [kind, TEST_LABEL, ...more], properties });
    return `${kind} ${key}`;
  };
  const chapter = add('Chapter', id, { id, title });
  const book = add('Textbook', textbook, { id: textbook, title: `the book ${textbook}` });
  links.push({ type: 'CONTAINS', start: book, end: chapter });
  const places = new Map<string | null, string>([[null, chapter]]);
  sections.forEach((name, nth) => {
    const kind = nth === 1 ? 'Subsection' : 'Section';
    const key = `${id}:${name}`;
    places.set(name, add(kind, key, { id: key, title: `section ${name}` }));
    const above = nth === 1 ? `Section ${id}:${sections[0]}` : chapter;
    links.push({ type: nth === 1 ? 'HAS_SUBSECTION' : 'HAS_SECTION', start: above, end: `${kind} ${key}` });
  });
  const refs = paragraphs.map(({ number, text, section, marked, weight }) => {
    const key = chunk(id, number);
    const properties = { chunk_id: key, text, ...(weight && { weight: numberOf(weight) }) };
    const ref = add('Paragraph', key, properties, marked ? ['Marked'] : []);
    links.push({ type: 'HAS_PARAGRAPH', start: places.get(section) ?? chapter, end: ref });
    return ref;
  });
  refs.slice(1).forEach((ref, nth) => {
    const before = refs[nth] ?? '';
    if (breaks.includes(nth)) return;
    links.push({ type: 'NEXT', start: before, end: ref }, { type: 'PREV', start: ref, end: before });
  });
  for (const table of tables) {
    const key = chunk(id, table.paragraph);
    const ref = add('Table', table.id, { id: table.id, ...(!table.linked && { chunk_id: key }) });
    if (table.linked) links.push({ type: 'CONTAINS_TABLE', start: paragraphRef(key), end: ref });
  }
  return { nodes, links };
}

function numberOf({ float, value }: { float: boolean; value: number }): unknown {
  return float ? value : neo4j.int(value);
}

/** Writes it as production, or as an ingestion stages it: what it leads to and does not hold is a placeholder. */
export async function writeRows(graph: TestGraph, { nodes, links }: Rows, staged: boolean): Promise<void> {
  const { label: staging } = STAGING_NAMES;
  const asLabels = (labels: string[]) =>
    (staged ? [...labels.map((label) => STAGED_PREFIX + label), staging] : labels).map((label) => `:${label}`).join('');
  const ids = new Map<string, unknown>();
  const create = async (labels: string, rows: { ref: string; properties: Record<string, unknown> }[]) => {
    const query = `UNWIND $rows AS row CREATE (n${labels}) SET n = row.properties RETURN row.ref AS ref, id(n) AS id`;
    for (const { ref, id } of await graph.rows(query, { rows })) ids.set(String(ref), id);
  };
  for (const [labels, rows] of grouped(nodes, (node) => asLabels(node.labels))) await create(labels, rows);
  const outside = [...new Set(links.flatMap(({ start, end }) => [start, end]))].filter((ref) => !ids.has(ref));
  if (outside.length > 0 && !staged) throw new Error(`nothing is called ${outside.join(', ')}`);
  const placeholders = outside.map((ref) => {
    const [label = '', ...key] = ref.split(' ');
    return { ref, properties: { label, key: key.join(' ') } };
  });
  await create(`:${STAGED_LINK}:${staging}`, placeholders);
  for (const [type, rows] of grouped(links, (link) => link.type)) {
    const ends = rows.map(({ start, end }) => [ids.get(start), ids.get(end)]);
    const query = `UNWIND $ends AS row MATCH (s) WHERE id(s) = row[0] MATCH (e) WHERE id(e) = row[1] CREATE (s)-[:${type}]->(e)`;
    await graph.rows(query, { ends });
  }
}

/** Every node and relationship in words, in order: two graphs of equal content read alike. */
export function wordsOf({ nodes, links }: Rows): string[] {
  const words = new Map(nodes.map((node) => [node.ref, nodeWords(node.labels, node.properties)]));
  return [
    ...words.values(),
    ...links.map(({ type, start, end }) => `${type}: ${words.get(start)} -> ${words.get(end)}`),
  ].sort();
}

/** The same of the server's graph, without the fence and version labels. */
export async function wordsOfGraph(graph: TestGraph): Promise<string[]> {
  const nodes = await graph.rows(
    `MATCH (n:${TEST_LABEL}) RETURN id(n) AS id, [l IN labels(n) WHERE NOT l STARTS WITH 'v'] AS labels, properties(n) AS properties`,
  );
  const words = new Map(
    nodes.map(({ id, labels, properties }) => [String(id), nodeWords(labels as string[], properties as object)]),
  );
  const links = await graph.rows(`MATCH (s)-[r]->(e) WHERE NOT (s:${STAGING_NAMES.label} AND e:${STAGING_NAMES.label})
     RETURN type(r) AS type, id(s) AS start, id(e) AS end`);
  return [
    ...words.values(),
    ...links.map(({ type, start, end }) => `${String(type)}: ${words.get(String(start))} -> ${words.get(String(end))}`),
  ].sort();
}

function nodeWords(labels: readonly string[], properties: object): string {
  return `${[...labels].sort().join(':')} ${encodeProperties(properties)[0]}`;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** A chapter with some paragraphs, for tests that do not care about more. */
export function plainChapter(id: string, numbers: readonly string[], more: Partial<Chapter> = {}): Chapter {
  const [textbook = ''] = id.split(':');
  return {
    ...{ id, textbook, title: `chapter ${id}`, sections: ['s1', 's2'], tables: [], breaks: [] },
    paragraphs: numbers.map((number, nth) => ({
      number,
      text: `text ${number}`,
      section: nth % 2 === 0 ? 's1' : 's2',
    })),
    ...more,
  };
}
