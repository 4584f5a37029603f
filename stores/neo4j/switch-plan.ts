import { VERSION_LABEL } from './graph-fingerprint';
import { HOLDS, keyText, TREE } from './staged-nodes';
import type { Link, Member, Part } from './switch-read';

/** A production node and the staged node whose content it takes. */
export interface Pair {
  production: Member;
  staged: Member;
}

/** Which nodes stay, go and come. */
export interface NodePlan {
  pairs: Pair[];
  /** Staged nodes that become production's. */
  adopted: Member[];
  /** Production nodes that nothing staged corresponds to. */
  deleted: Set<number>;
  /** Such nodes that stay all the same, since another chapter holds them too. */
  held: Set<number>;
}

/** Where an end of a staged relationship is to be: a node of production, or one that is still staged afterwards. */
export type End = { at: number } | { later: number };

export interface LinkPlan {
  created: { type: string; start: number; end: number; properties: Record<string, unknown> }[];
  deleted: number[];
  /** Relationships that go with a deleted node. */
  goWithNodes: number;
  /** Relationships that come with the nodes that are adopted. */
  comeWithNodes: number;
  /** Relationships to nodes that are switched later: kept with them, from a placeholder. */
  deferred: { link: Link; member: Member; later: number; outwards: boolean }[];
}

/** Pairs nodes by chapter, label and chunk_id or id. What has no key finds no counterpart. */
export function planNodes(production: Part, staged: Part): NodePlan {
  const waiting = new Map<string, Member[]>();
  for (const member of inOrder(production)) {
    const key = matchKey(member);
    if (key !== undefined) waiting.set(key, [...(waiting.get(key) ?? []), member]);
  }
  const plan: NodePlan = { pairs: [], adopted: [], deleted: new Set(production.members.keys()), held: new Set() };
  for (const member of inOrder(staged)) {
    const counterpart = waiting.get(matchKey(member) ?? '')?.shift();
    if (counterpart) {
      plan.pairs.push({ production: counterpart, staged: member });
      plan.deleted.delete(counterpart.id);
    } else plan.adopted.push(member);
  }
  keepHeld(production, plan);
  return plan;
}

/** A node whose name says no chapter, and that another chapter's tree leads to, is not this chapter's to delete. */
function keepHeld({ members, links }: Part, { deleted, held }: NodePlan): void {
  const below = links.filter(({ type }) => TREE.includes(type));
  const keep = (id: number) => {
    if (!deleted.has(id) || members.get(id)?.chapter !== undefined) return;
    deleted.delete(id);
    held.add(id);
    for (const { start, end } of below) if (start === id) keep(end);
  };
  for (const { start, end } of below) if (!members.has(start)) keep(end);
}

/** Compares the relationships that are with those that are to be. `endOf` says where a staged node will be. */
export function planLinks(production: Part, staged: Part, nodes: NodePlan, endOf: (stagedId: number) => End): LinkPlan {
  const plan: LinkPlan = { created: [], deleted: [], goWithNodes: 0, comeWithNodes: 0, deferred: [] };
  const adopted = new Set(nodes.adopted.map(({ id }) => id));
  const wanted = new Map<string, LinkPlan['created']>();
  for (const link of staged.links) {
    const [start, end] = [endOf(link.start), endOf(link.end)];
    if ('later' in start || 'later' in end) {
      plan.deferred.push(...deferral(link, start, end, staged));
    } else if (adopted.has(start.at) && adopted.has(end.at)) {
      plan.comeWithNodes += 1;
    } else {
      const { type, text, properties } = link;
      const key = linkKey(type, start.at, end.at, text);
      wanted.set(key, [...(wanted.get(key) ?? []), { type, start: start.at, end: end.at, properties }]);
    }
  }
  for (const link of production.links) {
    if (nodes.deleted.has(link.start) || nodes.deleted.has(link.end)) plan.goWithNodes += 1;
    else if (
      !wanted.get(linkKey(link.type, link.start, link.end, link.text))?.pop() &&
      !mayStay(link, production, nodes)
    )
      plan.deleted.push(link.id);
  }
  plan.created = [...wanted.values()].flat();
  return plan;
}

/** Of relationships that nothing staged asks for, those to and from other chapters stay, unless they give a node its place. */
function mayStay({ type, start, end }: Link, { members }: Part, { held }: NodePlan): boolean {
  const [from, to] = [members.get(start), members.get(end)];
  if (held.has(start) && held.has(end)) return true;
  if (from !== undefined && from.of === to?.of) return false;
  return !HOLDS.includes(type) && !(type === 'CONTAINS' && to?.kind === 'Chapter');
}

function deferral(link: Link, start: End, end: End, { members }: Part): LinkPlan['deferred'] {
  const outwards = 'later' in end;
  const later = outwards ? end.later : 'later' in start ? start.later : undefined;
  const member = members.get(outwards ? link.start : link.end);
  return later === undefined || member === undefined ? [] : [{ link, member, later, outwards }];
}

/** Labels that a production node lacks, and those that it has too much; those of versions do not count. */
export function labelChange({ production, staged }: Pair): { add: string[]; remove: string[] } {
  const stays = production.stored.filter((label) => !VERSION_LABEL.test(label));
  return {
    add: staged.labels.filter((label) => !stays.includes(label)),
    remove: stays.filter((label) => !staged.labels.includes(label)).sort(),
  };
}

function matchKey({ of, kind, key }: Member): string | undefined {
  const text = keyText(key);
  return text === undefined ? undefined : JSON.stringify([of, kind, text]);
}

function linkKey(type: string, start: number, end: number, text: string): string {
  return `${start} ${end} ${text} ${type}`;
}

function inOrder({ members }: Part): Member[] {
  return [...members.values()].sort((a, b) => a.id - b.id);
}
