import { OffenderTally } from '../../domain/offenders';
import { toNumber, type SendStatement } from './driver';
import { quoted } from './import';
import { stagingUnfit } from './staged-unfit';
import { isPlaceholder, keyText, known, nodeRow, PRODUCTION, STAGED, type NodeFacts, type Side } from './staged-nodes';
import type { End, NodePlan, Pair } from './switch-plan';
import { asIds, pageOf, type Member, type Part } from './switch-read';

/** What the relationships of staged nodes lead to, and the textbooks that came with it. */
export interface Ends {
  of(stagedId: number): End;
  /** Textbooks that are there already and take the staged ones' properties. */
  textbooks: Pair[];
  textbooksCreated: number;
  /** Staged nodes of no chapter that may have nothing left to do. */
  touched: number[];
}

interface Placeholder {
  id: number;
  label: string;
  key: unknown;
}

type Outsider = [...NodeFacts, label: unknown, key: unknown];

/**
 * Says of every node at the end of a staged relationship where it will be in production: a node of these chapters, a
 * textbook (made where there is none), the node that a placeholder names, or one that is switched later.
 *
 * @throws HybridFlowError STAGING_UNFIT for a placeholder that names nothing
 */
export async function settleEnds(send: SendStatement, staged: Part, nodes: NodePlan): Promise<Ends> {
  const at = new Map<number, End>();
  for (const { production, staged: twin } of nodes.pairs) at.set(twin.id, { at: production.id });
  for (const { id } of nodes.adopted) at.set(id, { at: id });
  const outsiders = await readOutsiders(send, staged);
  const textbooks = outsiders.filter(({ kind, placeholder }) => !placeholder && kind === 'Textbook');
  const { pairs, created } = await settleTextbooks(send, textbooks, at);
  const names = namesOf([...staged.members.values(), ...textbooks], at);
  const placeholders = outsiders.flatMap(({ placeholder }) => placeholder ?? []);
  await settlePlaceholders(send, placeholders, { names, at, deleted: nodes.deleted });
  return {
    of: (id) => at.get(id) ?? { later: id },
    textbooks: pairs,
    textbooksCreated: created,
    touched: outsiders.map(({ id }) => id),
  };
}

async function readOutsiders(
  send: SendStatement,
  { members, links }: Part,
): Promise<(Member & { placeholder?: Placeholder })[]> {
  const ids = new Set(links.flatMap(({ start, end }) => [start, end]).filter((id) => !members.has(id)));
  if (ids.size === 0) return [];
  const query = `MATCH (n) WHERE id(n) IN $ids RETURN collect(${nodeRow('n')} + [n.label, n.key]) AS page`;
  return pageOf<Outsider>(await send(query, { ids: asIds(ids) })).map(([nodeId, labels, key, chunkId, ...named]) => {
    const id = toNumber(nodeId);
    const one = { ...known(labels, key, chunkId), id, stored: labels, of: '' };
    return isPlaceholder(labels) ? { ...one, placeholder: { id, label: String(named[0]), key: named[1] } } : one;
  });
}

/** Several staged textbooks may be one: each chapter may have been written with its own. */
async function settleTextbooks(
  send: SendStatement,
  textbooks: readonly Member[],
  at: Map<number, End>,
): Promise<{ pairs: Pair[]; created: number }> {
  const existing = await findNodes(
    send,
    PRODUCTION,
    'Textbook',
    textbooks.map(({ key }) => key),
  );
  const pairs: Pair[] = [];
  const made = new Map<string, number>();
  for (const staged of [...textbooks].sort((a, b) => a.id - b.id)) {
    const name = keyText(staged.key) ?? '';
    const production = existing.get(name);
    const id = production?.id ?? made.get(name) ?? (await createTextbook(send, staged));
    at.set(staged.id, { at: id });
    if (!production) made.set(name, id);
    else if (!pairs.some((pair) => pair.production.id === id)) pairs.push({ production, staged });
  }
  return { pairs, created: made.size };
}

/** A copy: the staged one may still hold chapters that are switched later. */
async function createTextbook(send: SendStatement, { id, labels }: Member): Promise<number> {
  const query = `MATCH (s) WHERE id(s) IN $ids CREATE (t:${labels.map(quoted).join(':')}) SET t = properties(s)
    RETURN collect(id(t)) AS page`;
  return toNumber(pageOf(await send(query, { ids: asIds([id]) }))[0]);
}

interface Targets {
  /** What this switch itself brings, by label and key. */
  names: ReadonlyMap<string, End>;
  at: Map<number, End>;
  deleted: ReadonlySet<number>;
}

async function settlePlaceholders(send: SendStatement, all: readonly Placeholder[], targets: Targets): Promise<void> {
  const unnamed = new OffenderTally();
  for (const label of new Set(all.map((one) => one.label))) {
    const ours = all.filter((one) => one.label === label);
    const keys = ours.map(({ key }) => key);
    const [live, staged] = [await findNodes(send, PRODUCTION, label, keys), await findNodes(send, STAGED, label, keys)];
    for (const { id, key } of ours) {
      const name = keyText(key) ?? '';
      const [there, later] = [live.get(name), staged.get(name)];
      const end =
        targets.names.get(nameOf(label, name)) ??
        (there && !targets.deleted.has(there.id) ? { at: there.id } : undefined) ??
        (later && later.kind !== 'Textbook' ? { later: later.id } : undefined);
      if (end) targets.at.set(id, end);
      else unnamed.add(`a placeholder names ${label} ${name || 'without a key'}, which will not be there`);
    }
  }
  if (unnamed.total > 0) throw stagingUnfit(unnamed);
}

/** Nodes of one side that carry a label, by their key; of several with one key the oldest. */
async function findNodes(
  send: SendStatement,
  side: Side,
  label: string,
  keys: readonly unknown[],
): Promise<Map<string, Member>> {
  if (keys.length === 0) return new Map();
  const key = label === 'Paragraph' ? 'n.chunk_id' : 'coalesce(n.id, n.chunk_id)';
  const query = `MATCH (n:${side.label(label)}) WHERE ${key} IN $keys AND ${side.holds('n')}
    WITH n ORDER BY id(n) RETURN collect(${nodeRow('n')}) AS page`;
  const found = new Map<string, Member>();
  for (const [id, labels, own, chunkId] of pageOf<NodeFacts>(await send(query, { keys }))) {
    const member = { ...known(labels, own, chunkId), id: toNumber(id), stored: labels, of: '' };
    const name = keyText(member.key) ?? '';
    if (!found.has(name)) found.set(name, member);
  }
  return found;
}

function namesOf(members: readonly Member[], at: ReadonlyMap<number, End>): Map<string, End> {
  const names = new Map<string, End>();
  for (const { id, labels, key } of members) {
    const [name, end] = [keyText(key), at.get(id)];
    for (const label of name === undefined ? [] : labels) if (name && end) names.set(nameOf(label, name), end);
  }
  return names;
}

const nameOf = (label: string, name: string) => `${label} ${name}`;
