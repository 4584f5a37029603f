import neo4j from 'neo4j-driver';
import { FENCE_LABEL } from '../../domain/names';
import { openGraphConnection, toNumber, type GraphConnection, type GraphTarget } from '../../stores/neo4j/driver';

/** Every node that a test makes carries this label; every constraint and index has a name that begins so. */
export const TEST_LABEL = 'HfvTest';
const SCHEMA_PREFIX = 'hfv_test_';

/** A database that holds nothing but what tests made, and the means to look into it past the store. */
export class TestGraph {
  readonly connection: GraphConnection;
  private readonly driver: ReturnType<typeof neo4j.driver>;

  constructor(target: GraphTarget) {
    this.connection = openGraphConnection(target);
    this.driver = neo4j.driver(target.uri, neo4j.auth.basic(target.username, target.password));
  }

  async rows(query: string, parameters: Record<string, unknown> = {}): Promise<Record<string, unknown>[]> {
    const rows = await this.connection.run(query, parameters, { mode: 'write' });
    return rows.map((row) => row.toObject());
  }

  async count(query: string): Promise<number> {
    const [row] = await this.connection.run(query);
    return toNumber(row?.get(0));
  }

  /** Deletes all nodes; refuses where the database holds anything that no test made. */
  async clearNodes(): Promise<void> {
    await this.assertOurs();
    await this.rows(`MATCH (n) DETACH DELETE n`);
  }

  /** Empties the database, constraints and indexes too (after which the server plans every statement anew). */
  async clear(): Promise<void> {
    await this.clearNodes();
    for (const { name } of await this.rows('SHOW CONSTRAINTS YIELD name')) {
      await this.rows(`DROP CONSTRAINT ${String(name)}`);
    }
    for (const { name } of await this.rows(`SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'`)) {
      await this.rows(`DROP INDEX ${String(name)}`);
    }
  }

  /** One chapter whose paragraphs hang from it and follow each other. Chunk ids sort in the order of their numbers. */
  async makeChapter(paragraphs: number): Promise<void> {
    await this.rows(
      `CREATE CONSTRAINT ${SCHEMA_PREFIX}chunk_id IF NOT EXISTS FOR (p:Paragraph) REQUIRE p.chunk_id IS UNIQUE`,
    );
    await this.addParagraphs(Array.from({ length: paragraphs }, (_, i) => chunkId(i)));
    await this.rows(`CREATE (c:${TEST_LABEL}:Chapter {id: 'bailey:ch1'}) WITH c
      MATCH (p:Paragraph) CREATE (c)-[:HAS_PARAGRAPH]->(p)`);
    await this.rows(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id WITH collect(p) AS chain
      UNWIND range(0, size(chain) - 2) AS i WITH chain[i] AS a, chain[i + 1] AS b CREATE (a)-[:NEXT]->(b)`);
  }

  async addParagraphs(chunkIds: unknown[]): Promise<void> {
    await this.rows(`UNWIND $ids AS id CREATE (:${TEST_LABEL}:Paragraph {chunk_id: id})`, { ids: chunkIds });
  }

  /** Runs `meanwhile` while a transaction has run `query` and holds its locks; then commits it. */
  async holding(query: string, parameters: Record<string, unknown>, meanwhile: () => Promise<void>): Promise<void> {
    const session = this.driver.session();
    try {
      const transaction = session.beginTransaction();
      await transaction.run(query, parameters);
      await meanwhile();
      await transaction.commit();
    } finally {
      await session.close();
    }
  }

  /** Comes back once the server itself says that a transaction waits for a lock. */
  async untilOneIsBlocked(): Promise<void> {
    for (;;) {
      const waiting = await this.rows(`SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked'`);
      if (waiting.length > 0) return;
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.driver.close();
  }

  private async assertOurs(): Promise<void> {
    const foreign = await this.count(`MATCH (n) WHERE NOT n:${TEST_LABEL} AND NOT n:${FENCE_LABEL} RETURN count(n)`);
    const names = [
      ...(await this.rows('SHOW CONSTRAINTS YIELD name')),
      ...(await this.rows(`SHOW INDEXES YIELD name, type, owningConstraint WHERE type <> 'LOOKUP'`)),
    ].map(({ name }) => String(name));
    const foreignRules = names.filter((name) => !name.startsWith(SCHEMA_PREFIX));
    if (foreign === 0 && foreignRules.length === 0) return;
    throw new Error(
      `this database holds ${foreign} nodes and ${foreignRules.length} constraints or indexes that no test made; ` +
        'these tests delete everything, so they want one of their own',
    );
  }
}

export function chunkId(number: number): string {
  return `bailey:ch1:${String(number).padStart(5, '0')}`;
}
