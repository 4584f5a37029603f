import neo4j, { type Driver, type ManagedTransaction, Neo4jError, type Session } from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import { maskUrl } from '../../domain/masking';
import { FENCE_LABEL } from '../../domain/names';

export interface Neo4jTarget {
  uri: string;
  username: string;
  password: string;
  database: string;
}

/** Properties of a node. Whole numbers are stored as integers, lists of numbers as lists of floats. */
export type Properties = Record<string, string | number | number[] | null>;

export interface GraphDivision {
  kind: 'Section' | 'Subsection' | 'Subsubsection';
  parentId: string;
  properties: Properties & { id: string; title: string };
}

export interface GraphParagraph {
  parentId: string;
  properties: Properties & { chunk_id: string; text: string };
}

export interface GraphArtifact {
  kind: 'Table' | 'Figure';
  /** True where its paragraph is linked to it. */
  linked: boolean;
  properties: Properties & { id: string; chunk_id: string; caption: string };
}

/** A chapter with everything below it; divisions and paragraphs in the order of the book. */
export interface GraphChapter {
  textbookId: string;
  properties: Properties & { id: string; title: string };
  divisions: GraphDivision[];
  paragraphs: GraphParagraph[];
  artifacts: GraphArtifact[];
}

export interface GraphCounts {
  nodes: number;
  relationships: number;
  paragraphs: number;
}

/** A node as its owner can recognise it. */
export interface HeldNode {
  handle: string;
  key: string;
  mark: string;
}

const CONSTRAINTS = {
  textbook_id_unique: 'Textbook.id',
  chapter_id_unique: 'Chapter.id',
  paragraph_chunk_id_unique: 'Paragraph.chunk_id',
};
const KINDS = [
  'Textbook',
  'Chapter',
  'Section',
  'Subsection',
  'Subsubsection',
  'Paragraph',
  'Table',
  'Figure',
] as const;
const DIVISIONS = { Section: 'HAS_SECTION', Subsection: 'HAS_SUBSECTION', Subsubsection: 'HAS_SUBSUBSECTION' } as const;
const ARTIFACTS = { Table: 'CONTAINS_TABLE', Figure: 'CONTAINS_FIGURE' } as const;
const DELETE_BATCH = 5_000;

export interface GraphSurvey extends GraphCounts {
  /** Nodes of a version that is being staged, which are not production's. */
  staged: number;
}

/** Counts what production's graph holds: neither the fence nor a version that is being staged belongs to it. */
export async function surveyGraph(target: Neo4jTarget): Promise<GraphSurvey> {
  return withSession(target, async (session) => {
    const number = async (query: string) => Number((await session.run(query)).records[0]?.get(0));
    const production = `WHERE NOT n:${FENCE_LABEL} AND NOT n:staging RETURN count(*)`;
    return {
      nodes: await number(`MATCH (n) ${production}`),
      relationships: await number(`MATCH (n)-[r]->() ${production}`),
      paragraphs: await number(`MATCH (n:Paragraph) ${production}`),
      staged: await number('MATCH (n:staging) RETURN count(*)'),
    };
  });
}

/**
 * Creates production's constraints, then the textbooks, then chapter after chapter, each in a transaction of its own:
 * memory stays flat on both sides, and a crash leaves whole chapters.
 */
export async function loadGraph(
  target: Neo4jTarget,
  textbooks: readonly { id: string; title: string }[],
  chapters: Iterable<GraphChapter>,
  onProgress?: (nodes: number) => void,
): Promise<GraphSurvey> {
  await withSession(target, async (session) => {
    for (const [name, place] of Object.entries(CONSTRAINTS)) {
      const [label, property] = place.split('.');
      await session.run(`CREATE CONSTRAINT ${name} IF NOT EXISTS FOR (n:${label}) REQUIRE n.${property} IS UNIQUE`);
    }
    await session.run('CALL db.awaitIndexes(60)');
    await session.executeWrite((tx) =>
      tx.run('UNWIND $rows AS row CREATE (t:Textbook) SET t = row', { rows: textbooks }),
    );
    let nodes = textbooks.length;
    onProgress?.(nodes);
    for (const chapter of chapters) {
      await session.executeWrite((tx) => createChapter(tx, chapter));
      nodes += 1 + chapter.divisions.length + chapter.paragraphs.length + chapter.artifacts.length;
      onProgress?.(nodes);
    }
  });
  return surveyGraph(target);
}

async function createChapter(tx: ManagedTransaction, chapter: GraphChapter): Promise<void> {
  const created = await tx.run(
    'MATCH (t:Textbook {id: $textbook}) CREATE (t)-[:CONTAINS]->(c:Chapter) SET c = $properties RETURN elementId(c) AS element',
    { textbook: chapter.textbookId, properties: stored(chapter.properties) },
  );
  // Divisions have no constraint, hence no index: within the transaction their parents are found by element id.
  const elements = new Map([[chapter.properties.id, created.records[0]?.get('element') as string]]);
  for (const kind of Object.keys(DIVISIONS) as (keyof typeof DIVISIONS)[]) {
    const rows = chapter.divisions
      .filter((division) => division.kind === kind)
      .map(({ parentId, properties }) => ({ parent: elements.get(parentId), properties: stored(properties) }));
    const { records } = await tx.run(
      `UNWIND $rows AS row MATCH (parent) WHERE elementId(parent) = row.parent
       CREATE (parent)-[:${DIVISIONS[kind]}]->(d:${kind}) SET d = row.properties RETURN d.id AS id, elementId(d) AS element`,
      { rows },
    );
    for (const record of records) elements.set(record.get('id') as string, record.get('element') as string);
  }
  await createParagraphs(tx, chapter, elements);
  await createArtifacts(tx, chapter);
}

async function createParagraphs(tx: ManagedTransaction, chapter: GraphChapter, elements: Map<string, string>) {
  const rows = chapter.paragraphs.map(({ parentId, properties }) => ({
    parent: elements.get(parentId),
    properties: stored(properties),
  }));
  await tx.run(
    `UNWIND $rows AS row MATCH (parent) WHERE elementId(parent) = row.parent
     CREATE (parent)-[:HAS_PARAGRAPH]->(p:Paragraph) SET p = row.properties`,
    { rows },
  );
  await tx.run(
    `UNWIND range(0, size($ids) - 2) AS i
     MATCH (a:Paragraph {chunk_id: $ids[i]}), (b:Paragraph {chunk_id: $ids[i + 1]})
     CREATE (a)-[:NEXT]->(b), (b)-[:PREV]->(a)`,
    { ids: chapter.paragraphs.map(({ properties }) => properties.chunk_id) },
  );
}

async function createArtifacts(tx: ManagedTransaction, chapter: GraphChapter): Promise<void> {
  for (const kind of Object.keys(ARTIFACTS) as (keyof typeof ARTIFACTS)[]) {
    const rows = (linked: boolean) => ({
      rows: chapter.artifacts
        .filter((artifact) => artifact.kind === kind && artifact.linked === linked)
        .map(({ properties }) => stored(properties)),
    });
    await tx.run(`UNWIND $rows AS row CREATE (a:${kind}) SET a = row`, rows(false));
    await tx.run(
      `UNWIND $rows AS row MATCH (p:Paragraph {chunk_id: row.chunk_id})
       CREATE (p)-[:${ARTIFACTS[kind]}]->(a:${kind}) SET a = row`,
      rows(true),
    );
  }
}

/** Every node but the fence, one by one, as its owner can recognise it. A node of no known kind has no owner. */
export async function eachHeldNode(target: Neo4jTarget, visit: (node: HeldNode) => void): Promise<void> {
  await withSession(target, async (session) => {
    const result = session.run(
      `MATCH (n) WHERE NOT n:${FENCE_LABEL}
       RETURN elementId(n) AS handle, [label IN labels(n) WHERE label IN $kinds] AS kinds, labels(n) AS labels,
              coalesce(n.id, n.chunk_id) AS id, coalesce(n.text, n.caption, n.title, '') AS mark`,
      { kinds: KINDS },
    );
    for await (const record of result) {
      const [kinds, labels] = [record.get('kinds') as string[], record.get('labels') as string[]];
      visit({
        handle: record.get('handle') as string,
        key: `${kinds[0] ?? labels.join(':')}/${String(record.get('id'))}`,
        mark: String(record.get('mark')),
      });
    }
  });
}

/**
 * Deletes the nodes named with their relationships, and production's constraints where nothing else is left.
 * @returns the nodes that are still there
 */
export async function removeNodes(target: Neo4jTarget, handles: readonly string[]): Promise<number> {
  return withSession(target, async (session) => {
    for (let i = 0; i < handles.length; i += DELETE_BATCH) {
      const batch = handles.slice(i, i + DELETE_BATCH);
      await session.executeWrite((tx) =>
        tx.run('UNWIND $batch AS handle MATCH (n) WHERE elementId(n) = handle DETACH DELETE n', { batch }),
      );
    }
    const { records } = await session.run(`MATCH (n) WHERE NOT n:${FENCE_LABEL} RETURN count(*)`);
    const left = Number(records[0]?.get(0));
    if (left === 0) for (const name of Object.keys(CONSTRAINTS)) await session.run(`DROP CONSTRAINT ${name} IF EXISTS`);
    return left;
  });
}

function stored(properties: Properties): Record<string, unknown> {
  const entries = Object.entries(properties);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Number.isInteger(value) ? neo4j.int(Number(value)) : value]),
  );
}

async function withSession<T>(target: Neo4jTarget, use: (session: Session) => Promise<T>): Promise<T> {
  let driver: Driver | undefined;
  let session: Session | undefined;
  try {
    driver = neo4j.driver(target.uri, neo4j.auth.basic(target.username, target.password), {
      disableLosslessIntegers: true,
    });
    await driver.verifyConnectivity({ database: target.database });
    session = driver.session({ database: target.database });
    return await use(session);
  } catch (cause) {
    throw asHybridFlowError(target, cause);
  } finally {
    await session?.close();
    await driver?.close();
  }
}

function asHybridFlowError(target: Neo4jTarget, cause: unknown): unknown {
  if (!(cause instanceof Neo4jError)) return cause;
  const found = `Neo4j at ${maskUrl(target.uri)}: ${cause.message}`;
  if (cause.code === 'Neo.ClientError.Security.Unauthorized') {
    return new HybridFlowError('NEO4J_AUTH', { found, next: 'check NEO4J_USERNAME and NEO4J_PASSWORD' }, { cause });
  }
  if (['ServiceUnavailable', 'SessionExpired'].includes(cause.code)) {
    const next = 'start the services (hfv up), or check NEO4J_URI';
    return new HybridFlowError('NEO4J_UNREACHABLE', { found, next }, { cause });
  }
  return new HybridFlowError('NEO4J_REFUSED', { found }, { cause });
}
