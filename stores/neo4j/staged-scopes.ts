import { STAGING, type ParagraphScope } from './checks';
import { HOLDS, PRODUCTION, prefixOf, STAGED } from './staged-nodes';

/** The form of a chunk_id that says its chapter, as a regular expression of the server. */
const NAMED = `'(?s).+?:ch[^:]+:.+'`;

/** What is staged, as it will be. */
export const COMING: ParagraphScope = {
  paragraph: STAGED.label('Paragraph'),
  chapter: STAGED.label('Chapter'),
  leavesOut: (node) => `NOT ${node}:${STAGING}`,
  leavesOutParagraph: (node) => `NOT ${node}:${STAGING}`,
  parameters: {},
};

/**
 * Production without the chapters that are replaced or removed. What a name says nothing of goes where the tree says
 * that it belongs; few nodes are asked that, since names say it of nearly all.
 */
export function staying(going: readonly string[]): ParagraphScope {
  const named = (node: string) => `any(prefix IN $prefixes WHERE
    coalesce(toStringOrNull(${node}.chunk_id), toStringOrNull(${node}.id), '') + ':' STARTS WITH prefix)`;
  const above = (node: string, not: string) =>
    `EXISTS { MATCH (${node})<-[:${HOLDS.join('|')}*1..]-(c:${PRODUCTION.label('Chapter')}) WHERE ${not} c.id IN $going }`;
  const leavesOut = (node: string) => `${node}:${STAGING} OR ${named(node)}`;
  return {
    paragraph: PRODUCTION.label('Paragraph'),
    chapter: PRODUCTION.label('Chapter'),
    leavesOut,
    leavesOutParagraph: (node) => `${leavesOut(node)} OR (NOT coalesce(${node}.chunk_id =~ ${NAMED}, false)
      AND ${above(node, '')} AND NOT ${above(node, 'NOT')})`,
    parameters: { going: [...going], prefixes: going.map(prefixOf) },
  };
}
