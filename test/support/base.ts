import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import neo4j, { type Driver } from 'neo4j-driver';
import type { Settings } from '../../config/schema';
import { FENCE_LABEL } from '../../domain/names';
import { markerFile } from '../../stack/corpus/marker';
import { seed } from '../../stack/corpus/seed';
import { useStack } from './stack';

/** The corpus is the same for the same number; printed, so that a failure can be repeated. */
export const CORPUS_SEED = Number(process.env.CORPUS_SEED ?? 7);

export interface BaseOptions {
  paragraphs: number;
  /** Name of the knowledge base; its change has a workflow id of its own. */
  name?: string;
  migration?: Partial<Settings['migration']>;
}

/**
 * A small knowledge base on the test stack, and the means to look into it past the program under test. It is the only
 * thing in these stores: making one wipes them, and so does {@link TestBase.close}.
 */
export class TestBase {
  readonly #driver: Driver;

  private constructor(
    readonly settings: Settings,
    password: string,
  ) {
    const { uri, username } = settings.neo4j;
    this.#driver = neo4j.driver(uri, neo4j.auth.basic(username, password), { disableLosslessIntegers: true });
  }

  static async make({ paragraphs, name, migration }: BaseOptions): Promise<TestBase> {
    const { settings, neo4jPassword } = await useStack();
    const base = new TestBase(
      {
        ...settings,
        base: name ?? `t${process.pid}-${Date.now()}`,
        migration: { ...settings.migration, minimumFreeBytes: 1, ...migration },
        // Enough to see that an answer repeats itself. How long it takes is judged where a test asks for that.
        probes: { ...settings.probes, repeats: 2 },
      },
      neo4jPassword,
    );
    try {
      await base.wipe();
      process.stderr.write(`base of ${paragraphs} paragraphs, corpus seed ${CORPUS_SEED}\n`);
      await seed({ settings: base.settings, scale: paragraphs, seed: CORPUS_SEED });
    } catch (error) {
      await base.close().catch(() => undefined);
      throw error;
    }
    return base;
  }

  async cypher<T = Record<string, unknown>>(query: string, parameters: Record<string, unknown> = {}): Promise<T[]> {
    // Not executeQuery: `IN TRANSACTIONS` wants a transaction of its own.
    const session = this.#driver.session({ database: this.settings.neo4j.database });
    try {
      return (await session.run(query, parameters)).records.map((record) => record.toObject() as T);
    } finally {
      await session.close();
    }
  }

  /** Runs a statement and holds its transaction, with its locks, until the answer is called; then takes it back. */
  async hold(query: string): Promise<() => Promise<void>> {
    const session = this.#driver.session({ database: this.settings.neo4j.database });
    const transaction = await session.beginTransaction();
    await transaction.run(query);
    let released: Promise<void> | undefined;
    return () => (released ??= transaction.rollback().finally(() => session.close()));
  }

  /** The one number that a Cypher statement returns. */
  async count(query: string): Promise<number> {
    const [row = {}] = await this.cypher<Record<string, number>>(query);
    return Object.values(row)[0] ?? NaN;
  }

  /** One SQL statement, with foreign keys unchecked as the `sqlite3` shell has them. */
  sql<T = Record<string, unknown>>(query: string): T[] {
    const db = new Database(this.settings.metadataDb);
    try {
      db.pragma('foreign_keys = OFF');
      const statement = db.prepare(query);
      return statement.reader ? (statement.all() as T[]) : (statement.run(), []);
    } finally {
      db.close();
    }
  }

  async qdrant<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const { url, apiKey } = this.settings.qdrant;
    const headers = { 'content-type': 'application/json', ...(apiKey ? { 'api-key': apiKey } : {}) };
    const response = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { result: T }).result;
  }

  async collections(): Promise<string[]> {
    const { collections } = await this.qdrant<{ collections: { name: string }[] }>('GET', '/collections');
    return collections.map(({ name }) => name).sort();
  }

  /** Each with the collection that it stands for. */
  async aliases(): Promise<Record<string, string>> {
    const { aliases } = await this.qdrant<{ aliases: { alias_name: string; collection_name: string }[] }>(
      'GET',
      '/aliases',
    );
    return Object.fromEntries(aliases.map(({ alias_name, collection_name }) => [alias_name, collection_name]));
  }

  async snapshots(collection: string): Promise<string[]> {
    const found = await this.qdrant<{ name: string }[]>('GET', `/collections/${collection}/snapshots`);
    return found.map(({ name }) => name).sort();
  }

  labelled(): Promise<number> {
    return this.count('MATCH (p:Paragraph:v1_baseline) RETURN count(p) as labeled_count');
  }

  async fence(): Promise<{ token: string; labelled: number; batches: number; paused: boolean } | undefined> {
    const rows = await this.cypher<{ token: string; labelled: number; batches: number; paused: boolean }>(
      `MATCH (f:${FENCE_LABEL}) RETURN f.token AS token, f.labelled AS labelled, f.batches AS batches, f.paused AS paused`,
    );
    return rows[0];
  }

  /** Files and folders below the backups folder, relative to it; nothing where it is missing. */
  backups(): string[] {
    if (!existsSync(this.settings.backups)) return [];
    return readdirSync(this.settings.backups, { recursive: true, encoding: 'utf8' }).sort();
  }

  backup(...names: string[]): string {
    return join(this.settings.backups, ...names);
  }

  /** Takes every version off the base again, whatever the program under test would say: tables, labels, backups. */
  async unregister(): Promise<void> {
    // What refers to the registry goes before it.
    const tables = ['version_pins', 'switch_journal', 'operation_log', 'version_registry', 'write_fence'];
    for (const table of tables) this.sql(`DROP TABLE IF EXISTS ${table}`);
    await this.cypher('MATCH (p:v1_baseline) REMOVE p:v1_baseline');
    await this.cypher(`MATCH (f:${FENCE_LABEL}) DETACH DELETE f`);
    rmSync(this.settings.backups, { recursive: true, force: true });
  }

  /** Leaves the stores empty. */
  async wipe(): Promise<void> {
    const { metadataDb, backups } = this.settings;
    for (const file of [metadataDb, `${metadataDb}-wal`, `${metadataDb}-shm`, `${metadataDb}-journal`]) {
      rmSync(file, { force: true });
    }
    rmSync(markerFile(metadataDb), { force: true });
    rmSync(backups, { recursive: true, force: true });
    for (const name of await this.collections()) {
      for (const snapshot of await this.snapshots(name)) {
        await this.qdrant('DELETE', `/collections/${name}/snapshots/${snapshot}?wait=true`);
      }
      await this.qdrant('DELETE', `/collections/${name}`);
    }
    await this.cypher('MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 2000 ROWS');
    for (const { name } of await this.cypher<{ name: string }>('SHOW CONSTRAINTS YIELD name')) {
      await this.cypher(`DROP CONSTRAINT \`${name}\``);
    }
    for (const { name } of await this.cypher<{ name: string }>(
      `SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name`,
    )) {
      await this.cypher(`DROP INDEX \`${name}\``);
    }
  }

  async close(): Promise<void> {
    try {
      await this.wipe();
    } finally {
      await this.#driver.close();
    }
  }
}
