import neo4j from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import type { CallControl } from '../ports';
import { onlyRow, toNumber, type GraphConnection } from './driver';
import type { ExportCounts, NodeLine, RelationshipLine } from './export-format';
import { damaged, decodeValue, type Json } from './export-values';
import { checkExport, readExport } from './import-read';

export const BATCH_ROWS = 2_000;
const INDEX_TIMEOUT_SECONDS = 600;

/**
 * Rebuilds the graph of an export in an empty database: nodes, relationships, then constraints and indexes (which are
 * faster to build than to maintain). The file is proven whole before the first write.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is not whole; NEO4J_UNFIT where the database is not empty
 */
export async function importGraph(
  connection: GraphConnection,
  file: string,
  { onProgress, signal }: CallControl = {},
): Promise<ExportCounts> {
  const counts = await checkExport(file);
  await assertEmpty(connection);
  const load = new Loader(connection, onProgress);
  const schema: string[] = [];
  for await (const line of readExport(file)) {
    signal?.throwIfAborted();
    if (line.t === 'c' || (line.t === 'x' && line.kind === 'own')) schema.push(line.ddl);
    if (line.t === 'n') await load.node(line);
    if (line.t === 'r') await load.relationship(line);
  }
  await load.finish();
  for (const ddl of schema) await connection.run(ddl, {}, { mode: 'write' });
  const wait = { timeoutMs: INDEX_TIMEOUT_SECONDS * 1_000 };
  await connection.run('CALL db.awaitIndexes($seconds)', { seconds: neo4j.int(INDEX_TIMEOUT_SECONDS) }, wait);
  return counts;
}

/** Gathers rows until a batch is full, then writes it, one statement per set of labels or type. */
class Loader {
  private nodes: NodeLine[] = [];
  private relationships: RelationshipLine[] = [];
  private done = 0;
  /** From the file's ids to those of the new nodes. The one thing here that grows with the graph. */
  private readonly newIds = new Map<number, number>();

  constructor(
    private readonly connection: GraphConnection,
    private readonly onProgress: CallControl['onProgress'],
  ) {}

  async node(line: NodeLine): Promise<void> {
    if (this.nodes.push(line) >= BATCH_ROWS) await this.flushNodes();
  }

  async relationship(line: RelationshipLine): Promise<void> {
    if (this.relationships.length === 0) await this.flushNodes();
    if (this.relationships.push(line) >= BATCH_ROWS) await this.flushRelationships();
  }

  async finish(): Promise<void> {
    await this.flushNodes();
    await this.flushRelationships();
  }

  private async flushNodes(): Promise<void> {
    for (const [labels, lines] of groupBy(this.nodes, (line) => line.l.map((label) => `:${quoted(label)}`).join(''))) {
      const rows = lines.map((line) => ({ id: neo4j.int(line.id), p: decodeProperties(line.p) }));
      const query = `UNWIND $rows AS row CREATE (n${labels}) SET n = row.p RETURN row.id AS old, id(n) AS new`;
      for (const made of await this.write(query, rows))
        this.newIds.set(toNumber(made.get('old')), toNumber(made.get('new')));
    }
    this.nodes = [];
  }

  private async flushRelationships(): Promise<void> {
    for (const [type, lines] of groupBy(this.relationships, (line) => quoted(line.y))) {
      const rows = lines.map((line) => ({ s: this.idOf(line.s), e: this.idOf(line.e), p: decodeProperties(line.p) }));
      const query = `UNWIND $rows AS row MATCH (s) WHERE id(s) = row.s MATCH (e) WHERE id(e) = row.e
        CREATE (s)-[r:${type}]->(e) SET r = row.p`;
      await this.write(query, rows);
    }
    this.relationships = [];
  }

  private idOf(old: number) {
    const id = this.newIds.get(old);
    if (id === undefined) throw damaged('a relationship to a node that it does not hold');
    return neo4j.int(id);
  }

  private async write(query: string, rows: unknown[]) {
    // Creating is not idempotent: a lost answer must not lead to a second set of nodes.
    const made = await this.connection.run(query, { rows }, { mode: 'write', timeoutMs: 120_000, repeat: false });
    this.done += rows.length;
    this.onProgress?.(this.done);
    return made;
  }
}

async function assertEmpty(connection: GraphConnection): Promise<void> {
  const count = async (query: string) => toNumber(onlyRow(await connection.run(query)).get('n'));
  const nodes = await count('MATCH (n) RETURN count(n) AS n');
  const rules = await count('SHOW CONSTRAINTS YIELD name RETURN count(*) AS n');
  const indexes = await count(`SHOW INDEXES YIELD type WHERE type <> 'LOOKUP' RETURN count(*) AS n`);
  if (nodes + rules + indexes === 0) return;
  throw new HybridFlowError('NEO4J_UNFIT', {
    found: `database "${connection.database}" holds ${nodes} nodes, ${rules} constraints and ${indexes} indexes`,
    expected: 'an empty database to rebuild the graph in',
    next: 'point NEO4J_DATABASE (or NEO4J_URI) at an empty one',
  });
}

/** Names in the file may be anything that Neo4j allowed, a back-quote included. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function decodeProperties(properties: Record<string, Json>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, decodeValue(value)]));
}

export function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
