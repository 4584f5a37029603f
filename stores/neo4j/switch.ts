import type { CallControl, GraphSwitched } from '../ports';
import type { GraphConnection, SendStatement } from './driver';
import { holdFence } from './fence';
import { surveyStaging, type Survey } from './staged-survey';
import { PRODUCTION, STAGED } from './staged-nodes';
import * as apply from './switch-apply';
import { settleEnds } from './switch-ends';
import { planLinks, planNodes, type LinkPlan, type NodePlan } from './switch-plan';
import { readPart } from './switch-read';

/** Up to so many nodes and relationships are one transaction: all or nothing. More would fill the server's memory. */
const MOST_IN_ONE = 10_000;
/** The server ends a transaction after this: a process that is frozen half-way holds its locks no longer. */
const TRANSACTION_MS = 120_000;

type Counts = Omit<GraphSwitched, 'transactions'>;

/**
 * Puts the staged chapters in production's place and deletes those in `removed`: in one transaction where the change is
 * small, else in a transaction for each chapter, so that no commit leaves half a chapter. Every transaction begins with
 * the fence's lock and this token on it.
 *
 * Nodes of the same chapter, label and chunk_id (or id) keep their identity, with their version labels and with their
 * relationships to other chapters; the rest of the chapter becomes what is staged. What is settled is staged no longer,
 * so a call that is repeated, be it after a lost answer or after its process was killed, goes on with what is left. It
 * relies on {@link assertStagingFits} having passed.
 *
 * What a plain reader can see: Neo4j reads what is committed at the moment at which it looks at a node, so a reader that
 * begins after a commit sees the new chapter, and one that ended before it the old one. A statement that runs while the
 * commit lands may see the one at its beginning and the other at its end; that lasts as long as such a statement runs.
 * Between two chapters that are switched in transactions of their own, readers see one new and one old.
 *
 * @throws HybridFlowError FENCED where the token is not the fence's; STAGING_UNFIT where a placeholder names nothing
 */
export async function switchStaged(
  connection: GraphConnection,
  { token, removed }: { token: string; removed: readonly string[] },
  control: CallControl = {},
  mostInOne = MOST_IN_ONE,
): Promise<GraphSwitched> {
  const survey = await surveyStaging(connection, removed, control);
  // Staged chapters first, so that a textbook that loses one and gains another stays what it is.
  const all = [...survey.chapters, ...survey.removed];
  const units = all.length === 0 || survey.size <= mostInOne ? [all] : all.map((chapter) => [chapter]);
  const total: GraphSwitched = { ...NOTHING, transactions: 0 };
  for (const [done, chapters] of units.entries()) {
    control.signal?.throwIfAborted();
    const counts = await connection.transact(
      (send) => switchChapters(send, { token, chapters, survey }),
      TRANSACTION_MS,
    );
    for (const name of Object.keys(counts) as (keyof Counts)[]) total[name] += counts[name];
    if (chapters.length > 0) total.transactions += 1;
    control.onProgress?.(done + 1);
  }
  return total;
}

const NOTHING: Counts = {
  nodesCreated: 0,
  nodesUpdated: 0,
  nodesDeleted: 0,
  relationshipsCreated: 0,
  relationshipsDeleted: 0,
};

async function switchChapters(
  send: SendStatement,
  { token, chapters, survey }: { token: string; chapters: readonly string[]; survey: Survey },
): Promise<Counts> {
  await holdFence(send, token);
  if (chapters.length === 0) return NOTHING;
  const idsIn = (ids: ReadonlyMap<string, number[]>) => chapters.flatMap((chapter) => ids.get(chapter) ?? []);
  const production = await readPart(send, PRODUCTION, chapters, idsIn(survey.production));
  const staged = await readPart(send, STAGED, chapters, idsIn(survey.staged));
  const nodes = planNodes(production, staged);
  const ends = await settleEnds(send, staged, nodes);
  const links = planLinks(production, staged, nodes, (id) => ends.of(id));
  await apply.deleteNodes(send, nodes);
  await apply.deleteLinks(send, links);
  const nodesUpdated = await apply.updateNodes(send, [...nodes.pairs, ...ends.textbooks]);
  await apply.adoptNodes(send, nodes.adopted);
  await apply.createLinks(send, links);
  await apply.deferLinks(send, links);
  await apply.sweepStaged(send, nodes, ends);
  const textbooks = await apply.deleteEmptyTextbooks(send, production);
  return {
    ...countsOf(nodes, links, textbooks),
    nodesUpdated,
    nodesCreated: nodes.adopted.length + ends.textbooksCreated,
  };
}

function countsOf(
  { deleted }: NodePlan,
  links: LinkPlan,
  textbooks: { nodes: number; relationships: number },
): Omit<Counts, 'nodesCreated' | 'nodesUpdated'> {
  return {
    nodesDeleted: deleted.size + textbooks.nodes,
    relationshipsCreated: links.created.length + links.comeWithNodes,
    relationshipsDeleted: links.deleted.length + links.goWithNodes + textbooks.relationships,
  };
}
