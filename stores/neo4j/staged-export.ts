import neo4j from 'neo4j-driver';
import { STAGED_LINK, STAGED_PREFIX, STAGING_NAMES } from '../../domain/names';
import type { CallControl } from '../ports';
import { PAGE } from './checks';
import { toNumber, type GraphConnection } from './driver';
import type { ExportLine, NodeLine, RelationshipLine } from './export-format';
import { decodeValue, type Json } from './export-values';
import { BATCH_ROWS, decodeProperties, groupBy, quoted } from './import';
import { readExport } from './import-read';
import { lastingLabels } from './restore-live';
import { removeStaging } from './staging';
import { selectChapters } from './staged-export-select';
import { HOLDS, known } from './staged-nodes';

const { label: STAGING } = STAGING_NAMES;
/** Creating is not idempotent: a lost answer must not lead to a second set of nodes. */
const WRITE = { mode: 'write', timeoutMs: 120_000, repeat: false } as const;

/**
 * Stages these chapters as an export holds them, each whole, and nothing else: what was staged before goes first. A
 * relationship to a node outside becomes one to a placeholder; where nothing names that node (it has neither chunk_id
 * nor id) the relationship is left out, and one that production has already stays there. What it holds in memory grows
 * with the chapters, a few dozen bytes a node.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is not whole; STAGING_UNFIT where it lacks one of the chapters
 */
export async function stageFromExport(
  connection: GraphConnection,
  file: string,
  chapters: readonly string[],
  control: CallControl = {},
): Promise<{ nodes: number }> {
  const chosen = await selectChapters(file, chapters, control);
  await removeStaging(connection, PAGE, control);
  const load = new StagingLoad(connection, chosen, control);
  for await (const line of readExport(file)) await load.take(line);
  await load.flush();
  // Once more for the nodes outside: only now is it known which of them anything leads to.
  for await (const line of readExport(file)) {
    if (line.t === 'r') break;
    if (line.t === 'n') await load.outside(line);
  }
  await load.flush();
  return { nodes: load.nodes };
}

interface OutwardLink {
  type: string;
  member: number;
  outwards: boolean;
  p: Record<string, Json>;
}

class StagingLoad {
  nodes = 0;
  #lines = 0;
  #made: NodeLine[] = [];
  #links: RelationshipLine[] = [];
  /** From the file's ids to those of staged nodes. */
  readonly #ids = new Map<number, number>();
  /** By the node outside that they lead to or come from. */
  readonly #outwards = new Map<number, OutwardLink[]>();

  constructor(
    private readonly connection: GraphConnection,
    private readonly chosen: ReadonlySet<number>,
    private readonly control: CallControl,
  ) {}

  async take(line: ExportLine): Promise<void> {
    this.#tick();
    if (line.t === 'n' && this.chosen.has(line.id) && this.#made.push(line) >= BATCH_ROWS) await this.flush();
    if (line.t === 'r') await this.#link(line);
  }

  /** A node outside: a textbook that holds one of the chapters is staged too, any other gets a placeholder. */
  async outside(line: NodeLine): Promise<void> {
    this.#tick();
    const links = this.#outwards.get(line.id);
    if (!links) return;
    const { kind, key } = known(line.l, line.p.id, line.p.chunk_id);
    const holds = kind === 'Textbook' && links.some(({ type, outwards }) => type === 'CONTAINS' && !outwards);
    if (!holds && key === null) return;
    const id = holds ? await this.#stage([line]) : await this.#placeholder(kind, decodeValue(key as Json));
    this.#ids.set(line.id, id);
    for (const { type, member, outwards, p } of links) {
      const ends = outwards ? { s: member, e: line.id } : { s: line.id, e: member };
      this.#links.push({ t: 'r', y: type, ...ends, p });
    }
    if (this.#links.length >= BATCH_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    const made = this.#made;
    this.#made = [];
    if (made.length > 0) await this.#stage(made);
    const links = this.#links;
    this.#links = [];
    for (const [type, group] of groupBy(links, ({ y }) => quoted(y))) {
      const rows = group.map(({ s, e, p }) => ({ s: this.#idOf(s), e: this.#idOf(e), p: decodeProperties(p) }));
      const query = `UNWIND $rows AS row MATCH (s) WHERE id(s) = row.s MATCH (e) WHERE id(e) = row.e
        CREATE (s)-[r:${type}]->(e) SET r = row.p`;
      await this.connection.run(query, { rows }, WRITE);
    }
  }

  async #link(line: RelationshipLine): Promise<void> {
    const [from, to] = [this.chosen.has(line.s), this.chosen.has(line.e)];
    if (from && to) {
      if (this.#links.length === 0) await this.flush();
      if (this.#links.push(line) >= BATCH_ROWS) await this.flush();
    } else if (from !== to && !HOLDS.includes(line.y)) {
      const [member, other] = from ? [line.s, line.e] : [line.e, line.s];
      const links = this.#outwards.get(other) ?? [];
      links.push({ type: line.y, member, outwards: from, p: line.p });
      this.#outwards.set(other, links);
    }
  }

  async #stage(lines: readonly NodeLine[]): Promise<number> {
    let last = -1;
    for (const [labels, group] of groupBy([...lines], ({ l }) => stagedLabels(l))) {
      const rows = group.map(({ id, p }) => ({ id: neo4j.int(id), p: decodeProperties(p) }));
      const query = `UNWIND $rows AS row CREATE (n${labels}) SET n = row.p RETURN row.id AS old, id(n) AS new`;
      for (const row of await this.connection.run(query, { rows }, WRITE)) {
        last = toNumber(row.get('new'));
        this.#ids.set(toNumber(row.get('old')), last);
      }
    }
    this.nodes += lines.length;
    return last;
  }

  async #placeholder(label: string, key: unknown): Promise<number> {
    const query = `CREATE (n:${STAGED_LINK}:${STAGING} {label: $label, key: $key}) RETURN id(n) AS new`;
    const [row] = await this.connection.run(query, { label, key }, WRITE);
    return toNumber(row?.get('new'));
  }

  #idOf(old: number) {
    const id = this.#ids.get(old);
    if (id === undefined) throw new Error('a relationship leads to a node that was not staged');
    return neo4j.int(id);
  }

  #tick(): void {
    if (++this.#lines % PAGE !== 0) return;
    this.control.signal?.throwIfAborted();
    this.control.onProgress?.(this.#lines);
  }
}

function stagedLabels(labels: readonly string[]): string {
  return [...lastingLabels(labels).map((label) => STAGED_PREFIX + label), STAGING]
    .map((label) => `:${quoted(label)}`)
    .join('');
}
