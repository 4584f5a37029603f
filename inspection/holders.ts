import type { Claim } from '../domain/claim';
import { isActive } from '../domain/status';
import type { Refusal } from '../domain/preflight';
import type { VersionRow } from '../domain/registry';
import type { Stores } from '../stores/ports';

export interface RunRef {
  workflowId: string;
  runId: string;
  /** Where the run can be asked after; unknown for what was written down without it. */
  namespace?: string;
}

/** Asks whether a run is still at work; undefined where nobody can say. */
export type IsOpen = (run: RunRef) => Promise<boolean | undefined>;

export interface Holder {
  /** Who holds the base, in words. */
  words: string;
  /** False where its run has ended, so that a migration undoes what it left. */
  alive: boolean | undefined;
}

/** Who asks: the fence and the claim of the run itself are no obstacle to it. */
export interface Asking {
  ownRunId?: string;
  isOpen?: IsOpen;
}

interface Standing extends RunRef {
  words: string;
}

/**
 * Who holds the base: by the claim, by the registry's row of a change under way, or by the write fence. Reads them
 * without a lock; of several, one that is not known to be dead is named.
 *
 * @throws HybridFlowError BASE_BUSY where a claim is there that cannot be read
 */
export async function findHolder(
  { metadata, artifacts }: Pick<Stores, 'metadata' | 'artifacts'>,
  { ownRunId, isOpen = async () => undefined }: Asking,
): Promise<Holder | undefined> {
  const notOwn = (runId: string | null | undefined) => ownRunId === undefined || runId !== ownRunId;
  const claim = await artifacts.readClaim();
  const row = metadata.registry.list().find(({ status }) => isActive(status));
  const fence = metadata.fence.read();
  const changes = [claim && ofClaim(claim), row && ofRow(row)].filter((one) => one !== undefined);
  const holders: (Holder & { runId: string })[] = [];
  for (const change of changes.filter(({ runId }) => notOwn(runId))) {
    const alive = change.workflowId === '' ? undefined : await isOpen(change);
    holders.push({ words: change.words, runId: change.runId, alive });
  }
  if (fence && notOwn(fence.runId)) {
    // Left by a change, it is undone with it; anybody else's stands until it expires or is let go.
    const alive = holders.find(({ runId }) => runId === fence.runId)?.alive ?? true;
    const words = `the write fence is held by ${fence.owner} until ${fence.expiresAt} (${fence.reason})`;
    holders.push({ words, runId: fence.runId, alive });
  }
  const found = holders.find(({ alive }) => alive !== false) ?? holders[0];
  return found && { words: found.words, alive: found.alive };
}

function ofRow({ versionId, status, workflowId, runId }: VersionRow): Standing {
  const words = `the registry has ${versionId} as ${status}, of workflow ${workflowId ?? 'unknown'}`;
  return { words, workflowId: workflowId ?? '', runId: runId ?? '' };
}

function ofClaim({ versionId, workflowId, runId, namespace, claimedAt }: Claim): Standing {
  const where = workflowId === '' ? 'no known workflow' : `workflow ${workflowId}`;
  const words = `the base is claimed for ${versionId} by ${where}${namespace ? ` in namespace ${namespace}` : ''} since ${claimedAt}`;
  return { words, workflowId, runId, namespace };
}

/** What a migration would say to it; nothing where the holder is known to be dead. */
export function judgeHolder(holder: Holder | undefined): Refusal[] {
  if (!holder || holder.alive === false) return [];
  const unsure = holder.alive === undefined ? '; where its run has ended, `hfv migrate` first undoes what it left' : '';
  return [
    {
      code: 'BASE_BUSY',
      facts: {
        found: `Somebody else is at work: ${holder.words}`,
        expected: 'nobody else at work',
        next: `watch it with \`hfv status\`, and ask again when it has ended${unsure}`,
      },
    },
  ];
}
