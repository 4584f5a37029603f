import type { CallControl, GraphRestored, LastLook, OverwriteControl } from '../ports';
import type { GraphConnection } from './driver';
import { checkExport } from './import-read';
import { RestoreWriter } from './restore-apply';
import { restoreByChapter } from './restore-by-chapter';
import { readLiveGraph } from './restore-live';
import { RestorePlan } from './restore-plan';
import { createMissing, dropExtra, SchemaPlan } from './restore-schema';

/** Up to so many changes are one transaction: all or nothing. More would fill the server's memory, and go by chapter. */
const MOST_IN_ONE = 10_000;
const TRANSACTION_MS = 60_000;
/** Progress, and the question whether to stop, once so many lines or rows. */
const STRIDE = 1_000;

/**
 * Brings the live graph to what the export holds and changes only what differs, constraints and indexes included.
 * Version labels stay on the nodes that stay; what is made carries none. The fence and `:staging` nodes are no part
 * of it, and neither are relationships that lead to them. The file is proven whole before the first write.
 *
 * An attempt that ends half-way leaves a graph that the next one takes up: it compares anew.
 *
 * The last look is taken before the first write and, unless the schema differs, once more before the first commit.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is not whole; NEO4J_UNREACHABLE (to be tried again) where
 *   the graph was written to meanwhile
 */
export async function restoreGraph(
  connection: GraphConnection,
  file: string,
  control: OverwriteControl = {},
  mostInOne = MOST_IN_ONE,
): Promise<GraphRestored> {
  const tick = ticking(control);
  const schema = await SchemaPlan.read(connection);
  const plan = new RestorePlan(await readLiveGraph(connection, tick), () => schema.mayUpdate);
  await checkExport(file, (line, text) => {
    tick();
    schema.see(line);
    plan.see(line, text);
  });
  plan.end();
  control.signal?.throwIfAborted();
  const { lastLook } = control;
  const atOnce = plan.changes <= mostInOne && schema.isSame;
  if (plan.changes > 0 || !schema.isSame) await lastLook?.({ atOnce });
  const schemaDropped = await dropExtra(connection, schema);
  await applyPlan(connection, plan, file, { tick, control, mostInOne, lastLook: schema.isSame ? lastLook : undefined });
  const schemaCreated = await createMissing(connection, schema);
  const { nodesCreated, nodesUpdated, relationshipsCreated } = plan;
  const [nodesDeleted, relationshipsDeleted] = [plan.live.nodes.left, plan.live.relationships.left];
  return {
    ...{ nodesCreated, nodesDeleted, nodesUpdated, relationshipsCreated, relationshipsDeleted },
    ...{ schemaCreated, schemaDropped },
  };
}

interface ApplyTerms {
  tick: () => void;
  control: CallControl;
  mostInOne: number;
  lastLook: LastLook | undefined;
}

async function applyPlan(
  connection: GraphConnection,
  plan: RestorePlan,
  file: string,
  { tick, control, mostInOne, lastLook }: ApplyTerms,
): Promise<void> {
  if (plan.changes === 0) return;
  if (plan.changes <= mostInOne) {
    await connection.transact(async (send) => {
      await new RestoreWriter(plan, tick).apply(send, file);
      // What is overwritten is locked by now: who has not written before this look waits for the commit.
      await lastLook?.({ atOnce: true });
    }, TRANSACTION_MS);
    return;
  }
  const beforeFirstCommit = () => lastLook?.({ atOnce: false });
  await restoreByChapter(connection, plan, file, { tick, control, mostInOne, beforeFirstCommit });
}

function ticking({ onProgress, signal }: CallControl): () => void {
  let done = 0;
  return () => {
    if (++done % STRIDE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(done);
  };
}
