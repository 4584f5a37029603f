import type { Offenders } from '../../domain/checks';
import { STAGED_LINK, STAGED_PREFIX, STAGING_NAMES } from '../../domain/names';
import { OffenderTally, together } from '../../domain/offenders';
import { PAGE, READ_TIMEOUT_MS } from './checks';
import type { GraphConnection } from './driver';
import { quoted } from './import';
import { findLooseEnds } from './staged-fits-links';
import { findMisplaced } from './staged-fits-places';
import { HOLDS, isChapterId, STAGED } from './staged-nodes';
import { readStagedChapters } from './staged-survey';
import { stagingUnfit } from './staged-unfit';

const { label: STAGING } = STAGING_NAMES;
const CHAPTER = STAGED.label('Chapter');
const TEXTBOOK = STAGED.label('Textbook');
const PARAGRAPH = STAGED.label('Paragraph');

/** How a node is told of: its labels, and its chunk_id or id. */
const told = (n: string) =>
  `reduce(text = '', label IN labels(${n}) | text + ':' + label) + ' ' +
   coalesce(toStringOrNull(${n}.chunk_id), toStringOrNull(${n}.id), 'node ' + elementId(${n}))`;

/** Each rule as the statement that finds what breaks it, and what is wrong with it. `what` names the offender. */
const RULES: readonly [why: string, query: string][] = [
  [
    `has no label that begins with ${STAGED_PREFIX}`,
    `MATCH (n:${STAGING}) WHERE none(label IN labels(n) WHERE label STARTS WITH '${STAGED_PREFIX}') RETURN ${told('n')} AS what`,
  ],
  [
    'carries a label of production',
    `MATCH (n:${STAGING}) WHERE any(label IN labels(n) WHERE label <> '${STAGING}' AND NOT label STARTS WITH '${STAGED_PREFIX}')
     RETURN ${told('n')} AS what`,
  ],
  [
    'has a relationship to a node that is not staged',
    `MATCH (n:${STAGING})-[r]-(m) WHERE NOT m:${STAGING} RETURN ${told('n')} + ' ' + type(r) + ' ' + ${told('m')} AS what`,
  ],
  [
    'hangs from no textbook',
    `MATCH (n:${CHAPTER}:${STAGING}) WHERE NOT EXISTS { (n)<-[:CONTAINS]-(:${TEXTBOOK}) }
       AND NOT EXISTS { (n)<-[:CONTAINS]-(:${STAGED_LINK} {label: 'Textbook'}) }
     RETURN ${told('n')} AS what`,
  ],
  ['is a textbook without an id', `MATCH (n:${TEXTBOOK}) WHERE n.id IS NULL RETURN ${told('n')} AS what`],
  [
    'is staged more than once, each time with other properties',
    `MATCH (n:${TEXTBOOK}) WITH n.id AS id, collect(DISTINCT properties(n)) AS kinds, min(elementId(n)) AS first
     WHERE size(kinds) > 1 MATCH (n) WHERE elementId(n) = first RETURN ${told('n')} AS what`,
  ],
  [
    'has a relationship that a staged textbook cannot bring with it',
    `MATCH (n:${TEXTBOOK})-[r]-(m) WHERE NOT m:${CHAPTER} AND m:${STAGING} RETURN ${told('n')} + ' ' + type(r) AS what`,
  ],
  [
    'is staged more than once',
    `MATCH (n:${CHAPTER}) WITH n.id AS id, collect(n) AS nodes WHERE size(nodes) > 1
     WITH nodes[0] AS n RETURN ${told('n')} AS what`,
  ],
  [
    'has no chunk_id that is a text',
    `MATCH (n:${PARAGRAPH}) WHERE NOT coalesce(n.chunk_id > '', false) RETURN ${told('n')} AS what`,
  ],
  [
    'is staged more than once',
    `MATCH (n:${PARAGRAPH}) WHERE n.chunk_id > '' WITH n.chunk_id AS id, count(*) AS times, min(elementId(n)) AS first
     WHERE times > 1 MATCH (n) WHERE elementId(n) = first RETURN ${told('n')} AS what`,
  ],
  [
    'gives its place to a placeholder, or has it from one',
    `MATCH (n:${STAGING})-[r:${HOLDS.join('|')}]-(:${STAGED_LINK}) RETURN ${told('n')} + ' ' + type(r) AS what`,
  ],
  [
    'is joined with another placeholder',
    `MATCH (n:${STAGED_LINK})-[r]-(:${STAGED_LINK}) RETURN DISTINCT ${told('n')} + ' ' + type(r) AS what`,
  ],
];

/**
 * Makes sure that what is staged can be put in production's place: every rule of the ingestion contract, asked of the
 * server, with at most twenty of all that breaks one as samples.
 *
 * @throws HybridFlowError STAGING_UNFIT
 */
export async function assertStagingFits(connection: GraphConnection, removed: readonly string[]): Promise<void> {
  const chapters = await readStagedChapters(connection);
  const going = [...new Set([...chapters, ...removed])];
  const unfit: Offenders[] = [chapterNames(chapters, removed), await findUnmarked(connection)];
  for (const [why, query] of RULES) unfit.push(await tally(connection, query, why));
  unfit.push(...(await findMisplaced(connection, chapters, going)), await findLooseEnds(connection, going));
  const all = together(unfit);
  if (all.total > 0) throw stagingUnfit(all);
}

function chapterNames(chapters: readonly string[], removed: readonly string[]): Offenders {
  const tally = new OffenderTally();
  for (const chapter of chapters) {
    if (!isChapterId(chapter)) tally.add(`chapter ${chapter} has an id that no chunk_id can begin with`);
    if (removed.includes(chapter)) tally.add(`chapter ${chapter} is staged and removed at once`);
  }
  return tally.result();
}

/** Nodes that carry a staged label but not the mark of staging: nothing would ever remove them. */
async function findUnmarked(connection: GraphConnection): Promise<Offenders> {
  const rows = await connection.run('CALL db.labels() YIELD label WHERE label STARTS WITH $prefix RETURN label', {
    prefix: STAGED_PREFIX,
  });
  const found: Offenders[] = [];
  for (const row of rows) {
    const query = `MATCH (n:${quoted(String(row.get('label')))}) WHERE NOT n:${STAGING} RETURN ${told('n')} AS what`;
    found.push(await tally(connection, query, `lacks the label ${STAGING}`));
  }
  return together(found);
}

async function tally(connection: GraphConnection, query: string, why: string): Promise<Offenders> {
  const found = new OffenderTally();
  for await (const row of connection.stream(query, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    found.add(`${String(row.get('what'))} ${why}`);
  }
  return found.result();
}
