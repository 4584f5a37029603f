import { chapterOfChunk } from './chunk-id';

/** A paragraph and the paragraphs that its NEXT and its PREV lead to, all by chunk id. */
export interface ParagraphLinks {
  chunkId: string;
  next: readonly string[];
  prev: readonly string[];
}

/**
 * What is wrong with the chain of one chapter, each break in words and counted once; nothing where every NEXT has
 * its PREV back, nobody has two, no link leaves the chapter, and all hang together in one line without a circle.
 *
 * More than one link into a paragraph needs no rule of its own: either it has as many links back, or one is missing.
 */
export function chainBreaks(chapterId: string, paragraphs: readonly ParagraphLinks[]): string[] {
  const byId = new Map(paragraphs.map((paragraph) => [paragraph.chunkId, paragraph]));
  const breaks: string[] = [];
  const links: [from: string, to: string][] = [];
  for (const { chunkId, next, prev } of paragraphs) {
    for (const [type, targets, back] of [
      ['NEXT', next, 'prev'],
      ['PREV', prev, 'next'],
    ] as const) {
      if (targets.length > 1) breaks.push(`${chunkId} has ${targets.length} ${type}: ${targets.join(', ')}`);
      for (const target of new Set(targets)) {
        const other = byId.get(target);
        if (chapterOfChunk(target) !== chapterId)
          breaks.push(`${type} leads out of ${chapterId}: ${chunkId} to ${target}`);
        else if (!other?.[back].includes(chunkId)) {
          breaks.push(`${chunkId} has ${type} to ${target}, which has no ${back.toUpperCase()} back`);
        }
        if (other) links.push(type === 'NEXT' ? [chunkId, target] : [target, chunkId]);
      }
    }
  }
  return [...breaks, ...pieceBreaks(chapterId, [...byId.keys()], links)];
}

/** A link counts here where NEXT or PREV makes it: one that is missing one of both has been told above. */
function pieceBreaks(chapterId: string, chunkIds: readonly string[], links: readonly [string, string][]): string[] {
  const followers = new Set(links.map(([, to]) => to));
  const pieces = connected(chunkIds, links).map((members) => ({
    members,
    starts: members.filter((id) => !followers.has(id)),
  }));
  const circles = pieces.filter(({ starts }) => starts.length === 0);
  const lines = pieces.flatMap(({ starts }) => starts.sort(inBookOrder).slice(0, 1)).sort(inBookOrder);
  return [
    ...circles.map(
      ({ members }) => `a chain of ${chapterId} runs in a circle of ${members.length} through ${members[0]}`,
    ),
    ...lines.slice(1).map((start) => `the chain of ${chapterId} breaks before ${start}`),
  ];
}

/** The pieces that hang together, whichever way the links point. */
function connected(chunkIds: readonly string[], links: readonly [string, string][]): string[][] {
  const neighbours = new Map<string, string[]>(chunkIds.map((id) => [id, []]));
  for (const [from, to] of links) {
    neighbours.get(from)?.push(to);
    neighbours.get(to)?.push(from);
  }
  const seen = new Set<string>();
  const pieces: string[][] = [];
  for (const first of chunkIds) {
    if (seen.has(first)) continue;
    seen.add(first);
    const piece = [first];
    // The piece grows while it is walked: whoever is found is looked at in turn.
    for (const id of piece) {
      for (const other of neighbours.get(id) ?? []) {
        if (!seen.has(other)) piece.push(other);
        seen.add(other);
      }
    }
    pieces.push(piece);
  }
  return pieces;
}

/** `2.10` comes after `2.9`. */
function inBookOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
