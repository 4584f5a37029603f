import type { ParagraphLinks } from '../../domain/chains';
import { chapterOfChunk } from '../../domain/chunk-id';
import { STAGED_LINK } from '../../domain/names';
import { readLinks, targets } from './chains';
import { PAGE, READ_TIMEOUT_MS, STAGING } from './checks';
import type { GraphConnection } from './driver';
import { STAGED } from './staged-nodes';
import { staying } from './staged-scopes';

type Type = 'NEXT' | 'PREV';

/** Of staged paragraphs: what they are to lead to, and what their counterparts lead to now. */
interface StagedLinks {
  chunkId: string;
  next: string[];
  prev: string[];
  nextNow: string[];
  prevNow: string[];
}

const PARAGRAPH = STAGED.label('Paragraph');
const stagedTargets = (type: Type) => `
  COLLECT {
    MATCH (p)-[:${type}]->(other:${STAGING})
    WHERE other:${PARAGRAPH} OR (other:${STAGED_LINK} AND other.label = 'Paragraph')
    RETURN coalesce(toStringOrNull(other.chunk_id), toStringOrNull(other.key), 'node ' + elementId(other))
  }`;
const LIVE_TWIN = `MATCH (t:Paragraph {chunk_id: p.chunk_id}) WHERE NOT t:${STAGING}`;
const STAGED_LINKS = `
  MATCH (p:${PARAGRAPH}:${STAGING}) WHERE p.chunk_id > ''
  CALL (p) { OPTIONAL ${LIVE_TWIN} RETURN t LIMIT 1 }
  RETURN p.chunk_id AS chunkId, ${stagedTargets('NEXT')} AS next, ${stagedTargets('PREV')} AS prev,
    ${targets('t', 'NEXT')} AS nextNow, ${targets('t', 'PREV')} AS prevNow
  ORDER BY p.chunk_id`;
const FROM_PLACEHOLDERS = `
  MATCH (l:${STAGED_LINK} {label: 'Paragraph'})-[r:NEXT|PREV]->(p:${PARAGRAPH})
  RETURN l.key AS chunkId, type(r) AS type, p.chunk_id AS target`;

/**
 * The chains as they will be: within a staged chapter what is staged, and between chapters what is there already where
 * both ends stay, with what is staged.
 */
export async function* readChainsToBe(
  connection: GraphConnection,
  going: readonly string[],
): AsyncGenerator<ParagraphLinks, void, void> {
  const ahead = new Ahead(connection, going, await readPlaceholders(connection));
  for await (const { chunkId, next, prev } of readLinks(connection, staying(going))) {
    yield {
      chunkId,
      next: await ahead.of(chunkId, 'NEXT', [], next),
      prev: await ahead.of(chunkId, 'PREV', [], prev),
    };
  }
  for await (const row of connection.stream(STAGED_LINKS, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    const { chunkId, next, prev, nextNow, prevNow } = row.toObject() as StagedLinks;
    const between = (ids: string[]) => ids.filter((id) => chapterOfChunk(id) !== chapterOfChunk(chunkId));
    yield {
      chunkId,
      next: await ahead.of(chunkId, 'NEXT', next, between(nextNow)),
      prev: await ahead.of(chunkId, 'PREV', prev, between(prevNow)),
    };
  }
}

class Ahead {
  constructor(
    private readonly connection: GraphConnection,
    private readonly going: readonly string[],
    /** What is staged to lead from paragraphs that are known by a placeholder only. */
    private readonly placeholders: ReadonlyMap<string, string[]>,
  ) {}

  async of(chunkId: string, type: Type, staged: readonly string[], now: readonly string[]): Promise<string[]> {
    const wanted = [...staged, ...(this.placeholders.get(`${type} ${chunkId}`) ?? [])];
    const left = [...wanted];
    const more: string[] = [];
    for (const target of await this.#stay(now)) {
      const at = left.indexOf(target);
      if (at < 0) more.push(target);
      else left.splice(at, 1);
    }
    return [...wanted, ...more];
  }

  /** Hardly any paragraph leads into another chapter, so the question is rarely put to the server. */
  async #stay(targets: readonly string[]): Promise<readonly string[]> {
    const asked = targets.filter((id) => this.going.includes(chapterOfChunk(id) ?? ''));
    if (asked.length === 0) return targets;
    const query = `MATCH (p:${PARAGRAPH}) WHERE p.chunk_id IN $asked RETURN p.chunk_id AS chunkId`;
    const there = new Set((await this.connection.run(query, { asked })).map((row) => String(row.get('chunkId'))));
    return targets.filter((id) => !asked.includes(id) || there.has(id));
  }
}

async function readPlaceholders(connection: GraphConnection): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const row of await connection.run(FROM_PLACEHOLDERS, {}, { timeoutMs: READ_TIMEOUT_MS })) {
    const key = `${String(row.get('type'))} ${String(row.get('chunkId'))}`;
    found.set(key, [...(found.get(key) ?? []), String(row.get('target'))]);
  }
  return found;
}
