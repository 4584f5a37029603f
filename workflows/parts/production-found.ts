import type { Claim } from '../../domain/claim';
import type { CriterionResult } from '../../domain/criteria';
import type { Verdict } from '../../domain/rollback';
import type { TriggerFound } from '../../domain/triggers';
import { giveLabelsBack } from '../phases/restore/labels';
import { takeStoresBack } from '../phases/restore/stores-back';
import type { Steps } from './activities';
import { businessFailure } from './failures';
import { CONTINUE } from './names';
import { proveProduction, type ProductionProof } from './prove-production';
import type { RollbackLog } from './rollback-log';

/** What is known of a dead run, and of what it was undone of already. */
export interface Leftovers {
  holder: Claim;
  batchSize: number;
  reason: string;
  /** Where the version stands once marked; `absent` where the run had no row yet. */
  status: string;
  startedAt: string;
  /** What the run itself told of its end, where it could. */
  trigger: TriggerFound | null;
  /** Where an undo before this one has judged the version: what it told of production. */
  verdict?: Verdict | null;
  /** As the run itself judged them, where it could; of a baseline alone. */
  criteria?: CriterionResult[];
}

/** `untouched`: the run had not come so far, and there is nothing to compare. */
export interface ProductionFound {
  untouched: boolean;
  proof?: ProductionProof;
}

/**
 * A version that is staged touches production with its switch, and not before: whatever production is until then is
 * nobody's to take back.
 */
export async function lookAtProduction(steps: Steps, log: RollbackLog, left: Leftovers): Promise<ProductionFound> {
  const { kind = 'baseline', runId } = left.holder;
  if (kind === 'baseline') {
    return isJudged(left) ? judgedBefore(log, left) : { untouched: false, proof: await prove(steps, log, left) };
  }
  const entry = await log.step(6, async () => {
    const found = await steps.files.findSwitch(runId);
    if (found) return { detail: `the switch to ${found.versionId} had begun`, result: found };
    return { state: 'not needed', detail: UNTOUCHED, result: null };
  });
  if (!entry) {
    log.note(7, 'not needed', UNTOUCHED);
    return { untouched: true };
  }
  if (isJudged(left) || (kind === 'restore' && entry.state === 'undone')) return judgedBefore(log, left);
  const proof =
    kind === 'restore' ? await takeStoresBack(steps, log, entry, { dead: true }) : await prove(steps, log, left);
  // Whatever this one restored: an undo before it may have been broken off right here.
  if (proof) await giveLabelsBack(steps, log, entry).catch(() => undefined);
  return { untouched: false, proof };
}

/** Not where somebody else has written `rolled_back` into the row: nobody knows what for. */
function isJudged({ status, verdict }: Leftovers): boolean {
  return status === 'rolled_back' && verdict != null;
}

/**
 * Nothing was left to undo in production when that was said. Whatever was written to it since is nobody's to take back,
 * and what it was held against may be gone.
 */
function judgedBefore(log: RollbackLog, { verdict }: Leftovers): ProductionFound {
  log.note(6, 'not needed', JUDGED);
  const differed = verdict?.proof.filter(({ same }) => !same).map(({ store }) => store) ?? [];
  log.note(
    7,
    'not needed',
    differed.length > 0 ? `${JUDGED}: ${differed.join(', ')} differed, by somebody else` : JUDGED,
  );
  return { untouched: false };
}

async function prove(steps: Steps, log: RollbackLog, left: Leftovers): Promise<ProductionProof | undefined> {
  const { runId, versionId } = left.holder;
  const copies = await log.step(6, async () => {
    const found = await steps.files.copiesBefore(runId);
    const lost = found.length === 0 && left.status !== 'absent';
    // Where the claim is lost too, the backups folder is another one now, and there is nothing to wait for.
    const awaited = left.holder.namespace !== undefined && left.status !== 'rolled_back';
    if (lost && awaited) throw copyIsGone(versionId);
    const none = lost ? COPY_LOST : NOTHING_MODIFIED;
    const detail = found.length > 0 ? `${found.map(({ folder }) => folder).join(', ')} to compare with` : none;
    return { state: found.length > 0 ? 'done' : 'not needed', detail, result: found };
  });
  if (copies.length > 0) return proveProduction(steps, log, { copies, versionId });
  log.note(7, 'not needed', 'there is nothing to compare with');
  return undefined;
}

const UNTOUCHED = 'the switch had not begun: production was not touched';

const NOTHING_MODIFIED = 'the run ended before its copy of production, and so before it modified anything';

const JUDGED = 'an undo before this one has compared production, and judged the version';

const COPY_LOST = 'latest-copy is lost: production cannot be compared with what it was';

/** A row is made after latest-copy, and judged before that goes: where a row is open and has no copy, somebody took it. */
function copyIsGone(versionId: string): Error {
  return businessFailure('NEEDS_OPERATOR', {
    found: `${versionId} has a row, and there is no copy of production from before it`,
    expected: 'latest-copy in the backups folder',
    next: `bring the backups folder back (HYBRIDFLOW_BACKUPS), then continue with \`${CONTINUE}\``,
  });
}
