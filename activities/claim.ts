import type { Claim } from '../domain/claim';
import { HybridFlowError } from '../domain/errors';
import { isActive } from '../domain/status';
import { BASELINE_LABEL, versionLabel } from '../domain/version-id';
import type { SwitchJournal } from '../stores/ports';
import type { ActivityDeps } from './deps';

/** The guard that lets one change of a base run at a time. */
export function createClaimActivities(deps: ActivityDeps) {
  const { artifacts, runs } = deps;
  return {
    /**
     * Claims the base. A living holder is BASE_BUSY; a dead one is handed back so that its leftovers are undone
     * first. The registry is asked too: a change may be under way whose claim was lost with the backups folder.
     */
    async claimBase(claim: Claim): Promise<{ state: 'claimed' } | { state: 'abandoned'; holder: Claim }> {
      await artifacts.assertWritable();
      const result = await artifacts.claim(claim);
      const holder = result.state === 'held' ? result.holder : (activeChange(deps, claim) ?? openSwitch(deps, claim));
      if (!holder) return { state: 'claimed' };
      if (await isDead(deps, holder, claim)) return { state: 'abandoned', holder };
      await artifacts.releaseClaim(claim.runId);
      throw busy(holder);
    },

    /**
     * A run that was ended from outside right after its commit may have left its claim and the previous
     * latest-copy. What is committed is driven forward: both are cleared.
     */
    async finishCommitted(versionId: string): Promise<void> {
      const claim = await artifacts.readClaim();
      if (claim?.versionId !== versionId || (await runs.isOpen(claim.workflowId, claim.runId))) return;
      await artifacts.settleLatestCopy(claim.runId, 'new');
      await artifacts.releaseClaim(claim.runId);
    },

    async amendClaim(claim: Claim): Promise<void> {
      await artifacts.amendClaim(claim);
    },

    async releaseClaim(runId: string): Promise<void> {
      await artifacts.releaseClaim(runId);
    },
  };
}

/** The change that the registry shows as under way, where it is another run's; it stands for its lost claim. */
function activeChange({ metadata }: ActivityDeps, { base, runId }: Claim): Claim | undefined {
  const active = metadata.registry.list().find((row) => isActive(row.status) && row.runId !== runId);
  if (!active) return undefined;
  const { versionId, createdAt, workflowId, runId: holder } = active;
  const ids = { workflowId: workflowId ?? '', runId: holder ?? '' };
  const kind = versionId.startsWith(BASELINE_LABEL) ? 'baseline' : 'publish';
  return { base, kind, label: versionLabel(versionId), versionId, ...ids, claimedAt: createdAt, tablesBefore: [] };
}

function openSwitch({ metadata }: ActivityDeps, { base, runId }: Claim): Claim | undefined {
  const open = openSwitchOf(metadata.journal, base);
  return open?.runId === runId ? undefined : open;
}

/** A switch that its journal shows as begun and not ended; it, too, stands for a lost claim. */
export function openSwitchOf(journal: Pick<SwitchJournal, 'list'>, base: string): Claim | undefined {
  const entry = journal.list().find(({ state }) => state === 'switching' || state === 'committed');
  if (!entry) return undefined;
  const { kind, versionId, workflowId, startedAt } = entry;
  const what = kind === 'promote' ? ({ kind: 'publish', label: versionLabel(versionId) } as const) : RESTORE;
  return { base, ...what, versionId, workflowId, runId: entry.runId, claimedAt: startedAt, tablesBefore: [] };
}

const RESTORE = { kind: 'restore', label: '' } as const;

/**
 * Only what this namespace knows can be told to be dead. A row that names no run was not made by this system: nobody
 * but its maker can say.
 */
async function isDead({ runs }: ActivityDeps, holder: Claim, ours: Claim): Promise<boolean> {
  if (holder.workflowId === '') return false;
  if (holder.namespace !== undefined && holder.namespace !== ours.namespace) return false;
  return !(await runs.isOpen(holder.workflowId, holder.runId));
}

function busy(holder: Claim): HybridFlowError {
  const { base, versionId, workflowId, namespace, claimedAt } = holder;
  const where = workflowId === '' ? 'of no known workflow' : `workflow ${workflowId}`;
  return new HybridFlowError('BASE_BUSY', {
    found: `Another change of ${base} is running: ${versionId}, ${where}${namespace ? ` in namespace ${namespace}` : ''}, since ${claimedAt}`,
    expected: 'one change at a time',
    next: 'watch it with `hfv status`, and run again when it has ended',
    details: { holder },
  });
}
