import neo4j, { type Record as Row } from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import { toNumber, type SendStatement } from './driver';
import type { ExportLine, NodeLine, RelationshipLine } from './export-format';
import { BATCH_ROWS, decodeProperties, groupBy, quoted } from './import';
import { readExport } from './import-read';
import { changedMeanwhile, isLeftOut, lastingLabels } from './restore-live';
import type { RestorePlan } from './restore-plan';

/** How far apart two signs of life of an attempt may be: one that was frozen longer writes nothing any more. */
const LEASE_MS = 10_000;

/** Every statement has its rows here, and hands out none once the server's clock is past the lease. */
const ROWS = `UNWIND CASE WHEN datetime.realtime('UTC').epochMillis <= $notAfter THEN $rows ELSE [] END AS row`;

/** The second look is taken under the lock: setting properties of a node that is gone by then passes in silence. */
const UPDATE = `MATCH (n) WHERE id(n) = row.id SET n = row.p
  WITH row MATCH (same) WHERE id(same) = row.id RETURN count(*) AS rows`;

/**
 * Makes the changes of a plan, all or a part: what is too much goes before what is missing, since unique constraints
 * stand all the while. Ids may be used again once their node is gone, so a statement that finds another number of rows than
 * it was sent, or comes too late, ends the attempt.
 */
export class RestoreWriter {
  #send: SendStatement = () => Promise.reject(new Error('nothing is sent outside a transaction'));
  #updates: { id: number; line: NodeLine }[] = [];
  #nodes: NodeLine[] = [];
  #relationships: RelationshipLine[] = [];
  /** Ids of the nodes made, as the plan numbers them. */
  readonly #made: Float64Array;
  #aliveAt = Date.now();

  constructor(
    private readonly plan: RestorePlan,
    private readonly onAlive: () => void,
  ) {
    this.#made = new Float64Array(plan.nodesCreated);
  }

  /** All of the plan. */
  async apply(send: SendStatement, file: string): Promise<void> {
    const { nodes, relationships } = this.plan.live;
    await this.delete(send, relationships.leftIds(), nodes.leftIds());
    const { nodesUpdated, nodesCreated, relationshipsCreated } = this.plan;
    if (nodesUpdated + nodesCreated + relationshipsCreated > 0) await this.#addMissing(send, file);
  }

  async delete(send: SendStatement, relationships: Iterable<number>, nodes: Iterable<number>): Promise<void> {
    this.#send = send;
    await this.#delete('MATCH ()-[r]->() WHERE id(r) = row DELETE r', relationships);
    await this.#delete('MATCH (n) WHERE id(n) = row DETACH DELETE n', nodes);
  }

  /** Lines of which each is to be written, nodes before the relationships that lead to them. */
  async add(send: SendStatement, lines: readonly ExportLine[]): Promise<void> {
    this.#send = send;
    [this.#updates, this.#nodes, this.#relationships] = [[], [], []];
    for (const line of lines) {
      if (line.t === 'n') await this.#node(line);
      if (line.t === 'r') await this.#relationship(line);
    }
    await this.#flushNodes();
    await this.#flushRelationships();
  }

  /** A sign of life, once a line: a pass over a large file may well take longer than a lease. */
  readonly tick = (): void => {
    this.onAlive();
    const now = Date.now();
    if (now > this.#aliveAt + LEASE_MS) throw changedMeanwhile('the attempt was held up, and what it knew is old');
    this.#aliveAt = now;
  };

  async #delete(statement: string, ids: Iterable<number>): Promise<void> {
    let batch: unknown[] = [];
    const flush = async () => {
      if (batch.length > 0) await this.#write(`${statement} RETURN count(*) AS rows`, batch);
      batch = [];
    };
    for (const id of ids) if (batch.push(neo4j.int(id)) >= BATCH_ROWS) await flush();
    await flush();
  }

  async #addMissing(send: SendStatement, file: string): Promise<void> {
    this.#send = send;
    let number = 0;
    for await (const line of readExport(file)) {
      this.tick();
      if (line.t === 'n') await this.#node(line);
      if (line.t === 'r' && this.plan.missing.has(number++)) await this.#relationship(line);
    }
    await this.#flushNodes();
    await this.#flushRelationships();
  }

  async #node(line: NodeLine): Promise<void> {
    if (isLeftOut(line.l)) return;
    const where = this.plan.nodeOf(line.id);
    if (where && 'made' in where) this.#nodes.push(line);
    else if (where && this.plan.updated.has(line.id)) this.#updates.push({ id: where.live, line });
    if (this.#nodes.length + this.#updates.length >= BATCH_ROWS) await this.#flushNodes();
  }

  async #relationship(line: RelationshipLine): Promise<void> {
    if (this.#relationships.length === 0) await this.#flushNodes();
    if (this.#relationships.push(line) >= BATCH_ROWS) await this.#flushRelationships();
  }

  async #flushNodes(): Promise<void> {
    const [updates, nodes] = [this.#updates, this.#nodes];
    [this.#updates, this.#nodes] = [[], []];
    const changed = updates.map(({ id, line }) => ({ id: neo4j.int(id), p: decodeProperties(line.p) }));
    if (changed.length > 0) {
      await this.#write(UPDATE, changed);
    }
    for (const [labels, part] of groupBy(nodes, (line) => labelText(line.l))) {
      const rows = part.map(({ id, p }) => ({ at: neo4j.int(this.#numberOf(id)), p: decodeProperties(p) }));
      const query = `CREATE (n${labels}) SET n = row.p RETURN collect([row.at, id(n)]) AS made, count(*) AS rows`;
      const answer = await this.#write(query, rows);
      for (const [at, id] of answer?.get('made') as [unknown, unknown][]) this.#made[toNumber(at)] = toNumber(id);
    }
  }

  async #flushRelationships(): Promise<void> {
    const lines = this.#relationships;
    this.#relationships = [];
    for (const [type, part] of groupBy(lines, (line) => quoted(line.y))) {
      const rows = part.map(({ s, e, p }) => ({ s: this.#idOf(s), e: this.#idOf(e), p: decodeProperties(p) }));
      await this.#write(
        `MATCH (s) WHERE id(s) = row.s MATCH (e) WHERE id(e) = row.e
         CREATE (s)-[r:${type}]->(e) SET r = row.p RETURN count(*) AS rows`,
        rows,
      );
    }
  }

  #idOf(old: number) {
    const where = this.plan.nodeOf(old);
    if (!where) throw new Error('a relationship to be made leads to a node that is left out');
    return neo4j.int('live' in where ? where.live : (this.#made[where.made] ?? NaN));
  }

  #numberOf(old: number): number {
    const where = this.plan.nodeOf(old);
    return where && 'made' in where ? where.made : NaN;
  }

  async #write(statement: string, rows: unknown[]): Promise<Row | undefined> {
    this.tick();
    const parameters = { rows, notAfter: neo4j.int(this.#aliveAt + LEASE_MS) };
    const [answer] = await this.#send(`${ROWS} ${statement}`, parameters).catch(rethrow);
    this.#aliveAt = Date.now();
    const done = answer ? toNumber(answer.get('rows')) : 0;
    if (done !== rows.length)
      throw changedMeanwhile(`${done} of ${rows.length} rows were found, or the attempt was held up`);
    return answer;
  }
}

/** A node that goes while it is written to is one more sign of another writer. */
function rethrow(error: unknown): never {
  const code = error instanceof HybridFlowError ? error.facts.details?.code : (error as { code?: unknown }).code;
  throw String(code).endsWith('.EntityNotFound') ? changedMeanwhile('a node is gone') : error;
}

function labelText(labels: readonly string[]): string {
  return lastingLabels(labels)
    .map((label) => `:${quoted(label)}`)
    .join('');
}
