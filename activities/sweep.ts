import { HybridFlowError } from '../domain/errors';
import type { Leftover } from '../domain/leftovers';
import type { CallControl } from '../stores/ports';
import { writeLease } from './context';
import type { ActivityDeps } from './deps';

const BATCH = 1_000;

/** Removes one leftover; false where it is gone, or has changed since it was judged. */
export async function sweepOne(deps: ActivityDeps, leftover: Leftover, control: CallControl): Promise<boolean> {
  const { artifacts, graph, metadata, vectors } = deps;
  const { where, kind, name } = leftover;
  if (where === 'backups') return removeFile(deps, leftover);
  if (where === 'sqlite') return metadata.dropStaging(writeLease());
  if (where === 'neo4j') {
    const removed =
      kind === 'staging data' ? graph.removeStaging(BATCH, control) : graph.removeLabel(name, BATCH, control);
    return (await removed) > 0;
  }
  if (kind === 'snapshot') await vectors.deleteSnapshot(name);
  else if (kind === 'staging data') return vectors.dropStaging();
  else {
    // Staging's alias may stand for it still, and what an alias stands for is not dropped.
    if (kind === 'staging collection') await vectors.dropStaging();
    await vectors.dropAside(name);
    await artifacts.removeCopies(name);
  }
  return true;
}

async function removeFile({ artifacts }: ActivityDeps, { name, since }: Leftover): Promise<boolean> {
  if (since === null) throw new Error(`nothing tells how old ${name} is`);
  return artifacts.removeResidue({ path: name, changedAt: since });
}

/** What could not be removed is told, and the others are removed all the same; what may pass is for another attempt. */
export function unlessLasting(error: unknown): string {
  if (error instanceof HybridFlowError && !error.retryable) return error.facts.found;
  throw error;
}
