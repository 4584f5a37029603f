import type { Offenders } from '../../domain/checks';
import { STAGED_LINK } from '../../domain/names';
import { OffenderTally } from '../../domain/offenders';
import { PAGE, READ_TIMEOUT_MS } from './checks';
import { toNumber, type GraphConnection } from './driver';
import { groupBy } from './import';
import { known, keyText, nodeRow, PRODUCTION, STAGED, TREE, type NodeFacts, type Side } from './staged-nodes';
import { asIds } from './switch-read';

interface Placeholder {
  label: string;
  key: unknown;
}

/** Placeholders that name nothing which will exist: neither what is staged nor what stays of production. */
export async function findLooseEnds(connection: GraphConnection, going: readonly string[]): Promise<Offenders> {
  const loose = new OffenderTally();
  let page: Placeholder[] = [];
  const settle = async () => {
    for (const [label, group] of groupBy(page, (one) => one.label)) {
      const there = await keysOf(connection, label, group, going);
      for (const { key } of group) {
        if (!there.has(keyText(key)))
          loose.add(`${STAGED_LINK} names ${label} ${textOf(key)}, which will not be there`);
      }
    }
    page = [];
  };
  const query = `MATCH (l:${STAGED_LINK}) RETURN l.label AS label, l.key AS key`;
  for await (const row of connection.stream(query, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    const { label, key } = row.toObject() as { label: unknown; key: unknown };
    if (typeof label !== 'string' || label === '' || key === null)
      loose.add(`a ${STAGED_LINK} lacks its label or its key`);
    else page.push({ label, key });
    if (page.length >= PAGE) await settle();
  }
  await settle();
  return loose.result();
}

/** Of the keys asked for, those that a node of this label will have. */
async function keysOf(
  connection: GraphConnection,
  label: string,
  wanted: readonly Placeholder[],
  going: readonly string[],
): Promise<Set<string | undefined>> {
  const keys = wanted.map(({ key }) => key);
  // A textbook that is staged only: a placeholder cannot be its first chapter's way to it.
  const staged = label === 'Textbook' ? [] : await find(connection, STAGED, label, keys);
  const live = await find(connection, PRODUCTION, label, keys);
  const nameless = live.filter(({ chapter, kind }) => chapter === undefined && kind !== 'Textbook');
  const lost = await below(connection, going, nameless);
  const stays = live.filter(({ id, chapter }) => !lost.has(id) && !(chapter !== undefined && going.includes(chapter)));
  return new Set([...staged, ...stays].map(({ key }) => keyText(key)));
}

async function find(connection: GraphConnection, side: Side, label: string, keys: readonly unknown[]) {
  const key = label === 'Paragraph' ? 'n.chunk_id' : 'coalesce(n.id, n.chunk_id)';
  const query = `MATCH (n:${side.label(label)}) WHERE ${key} IN $keys AND ${side.holds('n')} RETURN ${nodeRow('n')} AS facts`;
  return (await connection.run(query, { keys })).map((row) => {
    const [id, labels, own, chunkId] = row.get('facts') as NodeFacts;
    return { id: toNumber(id), ...known(labels, own, chunkId) };
  });
}

/** Of nodes whose name says no chapter, those that go with the chapter that leads to them. */
async function below(
  connection: GraphConnection,
  going: readonly string[],
  nodes: readonly { id: number }[],
): Promise<Set<number>> {
  if (nodes.length === 0) return new Set();
  const above = (not: string) =>
    `EXISTS { MATCH (n)<-[:${TREE.join('|')}*1..]-(c:Chapter) WHERE ${not} c.id IN $going }`;
  const query = `MATCH (n) WHERE id(n) IN $ids AND ${above('')} AND NOT ${above('NOT')} RETURN id(n) AS id`;
  const parameters = { ids: asIds(nodes.map(({ id }) => id)), going: [...going] };
  return new Set((await connection.run(query, parameters)).map((row) => toNumber(row.get('id'))));
}

function textOf(key: unknown): string {
  return typeof key === 'string' ? key : (keyText(key) ?? '');
}
