import neo4j from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import { STAGED_LINK, STAGED_PREFIX, STAGING_NAMES } from '../../domain/names';
import { onlyRow, toNumber, type SendStatement } from './driver';
import { groupBy, quoted } from './import';
import type { Ends } from './switch-ends';
import { labelChange, type LinkPlan, type NodePlan, type Pair } from './switch-plan';
import { asIds, pageOf, type Member, type Part } from './switch-read';

const { label: STAGING } = STAGING_NAMES;
const STAGED_CHAPTER = `${STAGED_PREFIX}Chapter`;
const STAGED_TEXTBOOK = `${STAGED_PREFIX}Textbook`;

/** What goes, goes first: unique constraints stand all the while. */
export async function deleteNodes(send: SendStatement, { deleted }: NodePlan): Promise<void> {
  await forIds(send, deleted, 'MATCH (n) WHERE id(n) IN $ids DETACH DELETE n');
}

export async function deleteLinks(send: SendStatement, { deleted }: LinkPlan): Promise<void> {
  await forIds(send, deleted, 'UNWIND $ids AS i MATCH ()-[r]->() WHERE id(r) = i DELETE r');
}

/**
 * Gives production nodes the properties and labels of their staged counterparts. The server copies the properties: it
 * sees which of them differ, and writes no others.
 *
 * @returns how many nodes differed
 */
export async function updateNodes(send: SendStatement, pairs: readonly Pair[]): Promise<number> {
  if (pairs.length === 0) return 0;
  const rows = pairs.map(({ production, staged }) => asIds([production.id, staged.id]));
  const query = `UNWIND $rows AS row MATCH (p) WHERE id(p) = row[0] MATCH (s) WHERE id(s) = row[1]
    WITH p, s, coalesce(properties(p) <> properties(s), true) AS differs
    SET p = properties(s)
    WITH p, differs WHERE differs RETURN collect(id(p)) AS page`;
  const changed = new Set(pageOf<unknown>(await send(query, { rows })).map(toNumber));
  const byChange = groupBy([...pairs], (pair) => JSON.stringify(labelChange(pair)));
  for (const [text, group] of byChange) {
    const { add, remove } = JSON.parse(text) as ReturnType<typeof labelChange>;
    if (add.length + remove.length === 0) continue;
    for (const { production } of group) changed.add(production.id);
    await relabel(
      send,
      group.map(({ production }) => production.id),
      { add, remove },
    );
  }
  return changed.size;
}

/** Makes staged nodes production's, as they are. */
export async function adoptNodes(send: SendStatement, adopted: readonly Member[]): Promise<void> {
  for (const [text, group] of groupBy([...adopted], ({ stored }) => JSON.stringify([...stored].sort()))) {
    const add = group[0]?.labels ?? [];
    await relabel(
      send,
      group.map(({ id }) => id),
      { add, remove: JSON.parse(text) as string[] },
    );
  }
}

async function relabel(
  send: SendStatement,
  ids: readonly number[],
  { add, remove }: { add: readonly string[]; remove: readonly string[] },
): Promise<void> {
  const off = remove.length > 0 ? ` REMOVE n:${remove.map(quoted).join(':')}` : '';
  const on = add.length > 0 ? ` SET n:${add.map(quoted).join(':')}` : '';
  await forIds(send, ids, `MATCH (n) WHERE id(n) IN $ids${off}${on}`);
}

export async function createLinks(send: SendStatement, { created }: LinkPlan): Promise<void> {
  for (const [type, links] of groupBy(created, (link) => link.type)) {
    const rows = links.map(({ start, end, properties }) => ({ ends: asIds([start, end]), properties }));
    const query = `UNWIND $rows AS row MATCH (s) WHERE id(s) = row.ends[0] MATCH (e) WHERE id(e) = row.ends[1]
      CREATE (s)-[r:${quoted(type)}]->(e) SET r = row.properties RETURN count(r) AS n`;
    const made = toNumber(onlyRow(await send(query, { rows })).get('n'));
    if (made !== links.length) throw changedMeanwhile();
  }
}

/** A relationship to a chapter that is switched later waits there: from a placeholder for the node that is settled now. */
export async function deferLinks(send: SendStatement, { deferred }: LinkPlan): Promise<void> {
  const groups = groupBy(deferred, ({ link, outwards }) => JSON.stringify([link.type, outwards]));
  for (const links of groups.values()) {
    const [{ link, outwards } = { link: { type: '' }, outwards: true }] = links;
    const rows = links.map(({ member, later, link: { properties } }) => ({
      ...{ label: member.kind, key: member.key, later: neo4j.int(later), properties },
    }));
    if (rows.some(({ key }) => key === null)) throw keyless();
    const [from, to] = outwards ? ['l', 'n'] : ['n', 'l'];
    await send(
      `UNWIND $rows AS row MATCH (n) WHERE id(n) = row.later
       MERGE (l:${STAGED_LINK}:${STAGING} {label: row.label, key: row.key})
       CREATE (${from})-[r:${quoted(link.type)}]->(${to}) SET r = row.properties`,
      { rows },
    );
  }
}

/** Removes what has done its part: staged counterparts, ways back into staging, placeholders and textbooks of nobody. */
export async function sweepStaged(send: SendStatement, { pairs, adopted }: NodePlan, { touched }: Ends): Promise<void> {
  const twins = pairs.map(({ staged }) => staged.id);
  await forIds(send, twins, 'MATCH (n) WHERE id(n) IN $ids DETACH DELETE n');
  const settled = adopted.map(({ id }) => id);
  await forIds(send, settled, `MATCH (n)-[r]-(:${STAGING}) WHERE id(n) IN $ids DELETE r`);
  await forIds(send, touched, `MATCH (n:${STAGED_LINK}) WHERE id(n) IN $ids AND NOT EXISTS { (n)--() } DELETE n`);
  const idle = `NOT EXISTS { (n)-[:CONTAINS]->(:${STAGED_CHAPTER}) }`;
  await forIds(send, touched, `MATCH (n:${STAGED_TEXTBOOK}) WHERE id(n) IN $ids AND ${idle} DETACH DELETE n`);
}

/** Textbooks that held one of these chapters and hold none now, nor one that is still to come. */
export async function deleteEmptyTextbooks(
  send: SendStatement,
  production: Part,
): Promise<{ nodes: number; relationships: number }> {
  const above = production.links.filter(({ type, end }) => {
    return type === 'CONTAINS' && production.members.get(end)?.kind === 'Chapter';
  });
  const ids = asIds(new Set(above.map(({ start }) => start)));
  if (ids.length === 0) return { nodes: 0, relationships: 0 };
  const query = `MATCH (n:Textbook) WHERE id(n) IN $ids AND NOT EXISTS { (n)-[:CONTAINS]->(:Chapter) }
      AND NOT EXISTS { MATCH (s:${STAGED_TEXTBOOK})-[:CONTAINS]->(:${STAGED_CHAPTER}) WHERE s.id = n.id }
    WITH n, COUNT { (n)--() } AS links
    DETACH DELETE n RETURN count(*) AS nodes, coalesce(sum(links), 0) AS relationships`;
  const row = onlyRow(await send(query, { ids }));
  return { nodes: toNumber(row.get('nodes')), relationships: toNumber(row.get('relationships')) };
}

async function forIds(send: SendStatement, ids: Iterable<number>, query: string): Promise<void> {
  const list = asIds(ids);
  if (list.length > 0) await send(query, { ids: list });
}

function changedMeanwhile(): HybridFlowError {
  return new HybridFlowError('NEO4J_UNREACHABLE', {
    found: 'the graph was written to while it was switched: a node is gone that a relationship was to lead to',
    expected: 'no other writer during a switch',
    next: 'stop the other writer; the switch is then repeated, and goes on from what is there',
  });
}

function keyless(): HybridFlowError {
  return new HybridFlowError('STAGING_UNFIT', {
    found: 'a staged node without chunk_id or id has a relationship to another staged chapter',
    expected: 'an id on every node that other chapters are linked with',
    next: 'give it one, or cancel the version',
  });
}
