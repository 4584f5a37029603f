import { createHash } from 'node:crypto';
import { readFileSync, existsSync } from 'node:fs';
import type { TestBase } from './base';

/** What all three stores and the backups folder hold, content by content. Equal stores have equal fingerprints. */
export interface Fingerprint {
  sqlite: { tables: Record<string, string>; schema: string } | null;
  qdrant: { aliases: unknown; collections: Record<string, { points: string; snapshots: string[] }> };
  neo4j: { nodes: string; relationships: string; constraints: unknown; indexes: unknown };
  backups: string[];
}

/** The record of what was tried stays after a rollback, so it is no part of this. */
const RECORD = ['version_registry', 'operation_log', 'write_fence', 'switch_journal', 'version_pins'];

export async function fingerprint(base: TestBase): Promise<Fingerprint> {
  return {
    sqlite: sqlite(base),
    qdrant: await qdrant(base),
    neo4j: await neo4j(base),
    // What a run tells of itself stays, and so does what was saved before a restore.
    backups: base.backups().filter((name) => !/^(reports|rescue-)/.test(name)),
  };
}

/** The bytes of a file, for one that must not be touched at all. */
export function bytesOf(file: string): string | null {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null;
}

function sqlite(base: TestBase): Fingerprint['sqlite'] {
  if (!existsSync(base.settings.metadataDb)) return null;
  const objects = base
    .sql<{ type: string; name: string; tbl_name: string; sql: string | null }>(
      'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name',
    )
    .filter(({ tbl_name }) => !RECORD.includes(tbl_name));
  const tables = objects.filter(({ type }) => type === 'table').map(({ name }) => name);
  return {
    tables: Object.fromEntries(tables.map((name) => [name, hashOf(base.sql(`SELECT * FROM "${name}"`))])),
    schema: objects.map(({ sql, name }) => sql ?? name).join(';\n'),
  };
}

async function qdrant(base: TestBase): Promise<Fingerprint['qdrant']> {
  const collections: Fingerprint['qdrant']['collections'] = {};
  for (const name of await base.collections()) {
    collections[name] = { points: hashOf(await pointsOf(base, name)), snapshots: await base.snapshots(name) };
  }
  const { aliases } = await base.qdrant<{ aliases: { alias_name: string }[] }>('GET', '/aliases');
  return { aliases: aliases.sort((a, b) => (a.alias_name < b.alias_name ? -1 : 1)), collections };
}

async function pointsOf(base: TestBase, collection: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let offset: unknown = null; ;) {
    const page = await base.qdrant<{ points: unknown[]; next_page_offset: unknown }>(
      'POST',
      `/collections/${collection}/points/scroll`,
      { limit: 500, offset, with_payload: true, with_vector: true },
    );
    all.push(...page.points);
    if (page.next_page_offset === null) return all;
    offset = page.next_page_offset;
  }
}

async function neo4j(base: TestBase): Promise<Fingerprint['neo4j']> {
  const nodes = await base.cypher('MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties');
  const relationships = await base.cypher(
    `MATCH (a)-[r]->(b) RETURN coalesce(a.chunk_id, a.id) AS a, type(r) AS type, properties(r) AS properties,
       coalesce(b.chunk_id, b.id) AS b`,
  );
  return {
    nodes: hashOf(nodes.map(({ labels, properties }) => ({ labels: (labels as string[]).sort(), properties }))),
    relationships: hashOf(relationships),
    constraints: await base.cypher(
      'SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties RETURN * ORDER BY name',
    ),
    indexes: await base.cypher(
      'SHOW INDEXES YIELD name, type, labelsOrTypes, properties, state RETURN * ORDER BY name',
    ),
  };
}

/** SHA-256 over the items in an order that does not depend on how the store hands them out, and how many there are. */
function hashOf(items: unknown[]): string {
  const hash = createHash('sha256');
  for (const text of items.map(stable).sort()) hash.update(text).update('\n');
  return `${items.length}:${hash.digest('hex')}`;
}

/** JSON with the keys of every object sorted. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
