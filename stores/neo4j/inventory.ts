import type { LabelCounts } from '../../domain/checks';
import { HybridFlowError } from '../../domain/errors';
import type { Neo4jInventory } from '../../domain/inventory';
import { FENCE_LABEL, STAGING_NAMES } from '../../domain/names';
import { onlyRow, toNumber, type GraphConnection } from './driver';
import { quotedLabel } from './labels';

export interface ServerInfo {
  serverVersion: string;
  edition: string;
}

/** The Cypher that the fence and the batches are written in came with this release. */
const OLDEST = [5, 23] as const;

/** Exact counts of the graph, and whether it can be labelled. Neither the fence nor what is being staged is part of it. */
export async function takeInventory(connection: GraphConnection, label: string): Promise<Neo4jInventory> {
  const server = await readServer(connection);
  assertNewEnough(server.serverVersion);
  const { nodes, relationships } = await countGraph(connection);
  const paragraphs = await count(connection, 'MATCH (n:Paragraph) RETURN count(n) AS n');
  // A keyset page compares texts: a number, an empty text or nothing at all is never greater than ''.
  const reachable = await count(connection, `MATCH (n:Paragraph) WHERE n.chunk_id > '' RETURN count(n) AS n`);
  const alreadyLabelled = await count(connection, `MATCH (n:${quotedLabel(label)}) RETURN count(n) AS n`);
  return { ...server, nodes, relationships, paragraphs, alreadyLabelled, withoutChunkId: paragraphs - reachable };
}

/** The counts that are compared after labelling. The three label counts come from one pass, so that they agree. */
export async function takeCounts(
  connection: GraphConnection,
  label: string,
): Promise<{ nodes: number; relationships: number; labels: LabelCounts }> {
  const row = onlyRow(
    await connection.run(
      `MATCH (p:Paragraph) WITH p:${quotedLabel(label)} AS carries
       RETURN count(*) AS paragraphs, sum(CASE WHEN carries THEN 1 ELSE 0 END) AS labelled,
              sum(CASE WHEN carries THEN 0 ELSE 1 END) AS unlabelled`,
    ),
  );
  const read = (name: string) => toNumber(row.get(name));
  const labels = { paragraphs: read('paragraphs'), labelled: read('labelled'), unlabelled: read('unlabelled') };
  return { ...(await countGraph(connection)), labels };
}

export async function readServer(connection: GraphConnection): Promise<ServerInfo> {
  const row = onlyRow(
    await connection.run(
      `CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel'
       RETURN versions[0] AS version, edition`,
    ),
  );
  return { serverVersion: String(row.get('version')), edition: String(row.get('edition')) };
}

/**
 * Both totals come from Neo4j's count store, which is exact; so does what is not production's: the fence and what is
 * being staged.
 */
export async function countGraph(connection: GraphConnection): Promise<{ nodes: number; relationships: number }> {
  const { label: staging } = STAGING_NAMES;
  const nodes = await count(connection, 'MATCH (n) RETURN count(n) AS n');
  const fences = await count(connection, `MATCH (n:${FENCE_LABEL}) RETURN count(n) AS n`);
  const staged = await count(connection, `MATCH (n:${staging}) RETURN count(n) AS n`);
  const relationships = await count(connection, 'MATCH ()-[r]->() RETURN count(r) AS n');
  const stagedLinks = await count(connection, `MATCH (n:${staging})-[r]-() RETURN count(DISTINCT r) AS n`);
  return { nodes: nodes - fences - staged, relationships: relationships - stagedLinks };
}

async function count(connection: GraphConnection, query: string): Promise<number> {
  return toNumber(onlyRow(await connection.run(query)).get('n'));
}

function assertNewEnough(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new HybridFlowError('NEO4J_UNFIT', {
    found: `Neo4j ${version}`,
    expected: `Neo4j ${OLDEST.join('.')} or newer (5.26 is the long-term release)`,
    next: 'upgrade Neo4j within 5.x; the data stays as it is',
  });
}
