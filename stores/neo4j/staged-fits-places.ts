import type { Offenders } from '../../domain/checks';
import { OffenderTally } from '../../domain/offenders';
import { PAGE, READ_TIMEOUT_MS } from './checks';
import { toNumber, type GraphConnection } from './driver';
import {
  HOLDS,
  isPlaceholder,
  keyText,
  known,
  nodeRow,
  STAGED,
  TREE,
  type Known,
  type NodeFacts,
} from './staged-nodes';
import { asIds } from './switch-read';

/**
 * Staged nodes that would come into no chapter, or into another than where they hang; and chunk ids that production
 * has elsewhere. `going` are the chapters that are replaced or removed.
 */
export async function findMisplaced(
  connection: GraphConnection,
  chapters: readonly string[],
  going: readonly string[],
): Promise<Offenders[]> {
  const [nowhere, taken] = [new OffenderTally(), new OffenderTally()];
  const replaced = new Set(chapters);
  let nameless: [id: number, what: string][] = [];
  let foreign: string[] = [];
  const settle = async () => {
    for (const what of await unreached(connection, nameless)) nowhere.add(`${what} belongs to no staged chapter`);
    for (const chunkId of await inProduction(connection, foreign, going)) taken.add(takenText(chunkId));
    [nameless, foreign] = [[], []];
  };
  const query = `MATCH (n) WHERE ${STAGED.holds('n')} RETURN ${nodeRow('n')} AS facts`;
  for await (const row of connection.stream(query, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    const [id, labels, key, chunkId] = row.get('facts') as NodeFacts;
    const one = known(labels, key, chunkId);
    if (isPlaceholder(labels) || one.kind === 'Textbook' || replaced.has(one.chapter ?? '')) continue;
    if (one.chapter !== undefined) nowhere.add(`${whatIs(one)} names a chapter that is not staged`);
    else nameless.push([toNumber(id), whatIs(one)]);
    if (one.kind === 'Paragraph' && typeof one.key === 'string') foreign.push(one.key);
    if (nameless.length + foreign.length >= PAGE) await settle();
  }
  await settle();
  return [nowhere.result(), taken.result(), await hangElsewhere(connection), await hangInProduction(connection, going)];
}

/** Paragraphs below a staged chapter that their chunk_id does not begin with. */
async function hangElsewhere(connection: GraphConnection): Promise<Offenders> {
  const above = (more: string) =>
    `EXISTS { MATCH (p)<-[:${HOLDS.join('|')}*1..]-(c:${STAGED.label('Chapter')})${more} }`;
  const query = `MATCH (p:${STAGED.label('Paragraph')})
    WHERE p.chunk_id > '' AND ${above('')} AND NOT ${above(` WHERE p.chunk_id STARTS WITH toString(c.id) + ':'`)}
    RETURN p.chunk_id AS chunkId`;
  const found = new OffenderTally();
  for await (const row of connection.stream(query, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    found.add(`Paragraph ${String(row.get('chunkId'))} hangs below a chapter that its chunk_id does not begin with`);
  }
  return found.result();
}

/** Of nodes whose name says no chapter, those that no staged chapter leads to. */
async function unreached(connection: GraphConnection, nodes: readonly [number, string][]): Promise<string[]> {
  if (nodes.length === 0) return [];
  const query = `MATCH (n) WHERE id(n) IN $ids
    AND EXISTS { (n)<-[:${TREE.join('|')}*1..]-(:${STAGED.label('Chapter')}) } RETURN id(n) AS id`;
  const reached = new Set((await connection.run(query, { ids: asIds(nodes.map(([id]) => id)) })).map(idOf));
  return nodes.filter(([id]) => !reached.has(id)).map(([, what]) => what);
}

/** Of these chunk ids, those that production has and keeps. */
async function inProduction(connection: GraphConnection, chunkIds: string[], going: readonly string[]) {
  if (chunkIds.length === 0) return [];
  const query = `MATCH (p:Paragraph) WHERE p.chunk_id IN $chunkIds
    AND NOT any(chapter IN $going WHERE p.chunk_id STARTS WITH chapter + ':') RETURN p.chunk_id AS chunkId`;
  return (await connection.run(query, { chunkIds, going: [...going] })).map((row) => String(row.get('chunkId')));
}

/** Staged paragraphs whose counterpart hangs, in production, from a chapter that stays. */
async function hangInProduction(connection: GraphConnection, going: readonly string[]): Promise<Offenders> {
  const query = `MATCH (s:${STAGED.label('Paragraph')}) MATCH (p:Paragraph {chunk_id: s.chunk_id})
    WHERE EXISTS { MATCH (p)<-[:${HOLDS.join('|')}*1..]-(c:Chapter) WHERE NOT c.id IN $going }
    RETURN p.chunk_id AS chunkId`;
  const found = new OffenderTally();
  const options = { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE, parameters: { going: [...going] } };
  for await (const row of connection.stream(query, options)) found.add(takenText(String(row.get('chunkId'))));
  return found.result();
}

function takenText(chunkId: string): string {
  return `Paragraph ${chunkId} is one that production has in a chapter that is neither staged nor removed`;
}

function whatIs({ kind, key }: Known): string {
  return `${kind} ${typeof key === 'string' ? key : (keyText(key) ?? 'without an id')}`;
}

function idOf(row: { get(name: string): unknown }): number {
  return toNumber(row.get('id'));
}
