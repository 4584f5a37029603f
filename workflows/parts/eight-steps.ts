import type { CompensationResult } from '../../domain/baseline';
import type { CheckResult } from '../../domain/checks';
import type { CriterionResult } from '../../domain/criteria';
import type { Claim } from '../../domain/claim';
import { fenceTokens, LATEST_COPY_FOLDERS } from '../../domain/names';
import type { RollbackRecord } from '../../domain/rollback';
import type { TriggerFound } from '../../domain/triggers';
import { BASELINE_LABEL } from '../../domain/version-id';
import { giveLabelsBack } from '../phases/restore/labels';
import { demandStillBack, takeStoresBack } from '../phases/restore/stores-back';
import { undoSteps, type Steps } from './activities';
import { businessFailure } from './failures';
import { CONTINUE } from './names';
import { proveProduction, type ProductionProof } from './prove-production';
import { RollbackLog } from './rollback-log';
import { leftBy, logFailedRollback, logPostMortem, postMortem, rollbackRecord, validateAgain } from './rollback-record';
import { Saga } from './saga';
import { sweepSnapshots } from './sweep-snapshots';

export interface Leftovers {
  holder: Claim;
  batchSize: number;
  reason: string;
  /** Where the version stands once marked; `absent` where the run had no row yet. */
  status: string;
  startedAt: string;
  /** What the run itself told of its end, where it could. */
  trigger: TriggerFound | null;
  /** As the run itself judged them, where it could; of a baseline alone. */
  criteria?: CriterionResult[];
}

/** `untouched`: the run had not come so far, and there is nothing to compare. */
interface ProductionFound {
  untouched: boolean;
  proof?: ProductionProof;
}

/**
 * The plan's rollback in its eight steps, for a run that is dead. A step that fails is noted and the others are still
 * done; the row's verdict stays open until all else is undone, the copy of production until that verdict is given, and the
 * claim is the last to go. So a copy is missed by no undo that follows one which was killed.
 */
export async function eightSteps(left: Leftovers): Promise<{ record: RollbackRecord; results: CompensationResult[] }> {
  const { holder, status } = left;
  const { versionId, runId, tablesBefore } = holder;
  const steps = undoSteps();
  const log = new RollbackLog();
  log.note(1, 'done', `${versionId}, of run ${runId}`);
  if (status === 'absent') log.note(2, 'not needed', 'the version had no row yet', left.startedAt);
  else log.note(2, 'done', status, left.startedAt);
  let found: ProductionFound = { untouched: false };
  // A run that had not passed preflight changed no store.
  if (tablesBefore) {
    await switchBack(steps, log, left);
    await clearStaging(steps, log, left);
    if (left.holder.kind !== 'restore') {
      await log.attempt(5, async () => ({ detail: await removeLabel(steps, left), result: undefined }));
    }
    // What went wrong is noted with the step.
    found = await lookAtProduction(steps, log, left).catch(() => found);
  }
  const results = await restOf(steps, log, left, found.proof);
  if (status !== 'absent' && leftBy(results).length > 0) {
    const { reason, trigger, startedAt } = left;
    const details = { trigger, reason, compensations: results, steps: log.steps };
    await logFailedRollback(versionId, postMortem(startedAt, found.proof, details, 'failed'));
  }
  const record = await recordOf(log, left, found, results);
  const restoring = holder.kind === 'restore' && !found.untouched;
  if (status !== 'absent' || restoring) await logPostMortem(holder.runId, left.startedAt, record);
  return { record, results };
}

async function clearStaging({ files, longFiles, longStores }: Steps, log: RollbackLog, left: Leftovers): Promise<void> {
  if (left.holder.kind === 'restore') {
    for (const step of [3, 4, 5]) log.note(step, 'not needed', 'a restore stages nothing');
    return;
  }
  if (left.holder.label === BASELINE_LABEL) {
    log.note(3, 'not needed', 'a baseline has no staging table');
    log.note(4, 'not needed', 'a baseline has no staging collection');
    return;
  }
  await log.attempt(3, async () => gone(await files.dropStagingTable()));
  await log.attempt(4, async () => gone(await longFiles.dropStagingCollection(), 'nothing under the staging name'));
  await log.attempt(5, async () => {
    const removed = await longStores.removeStagingNodes(left.batchSize);
    return { detail: `${removed} staging nodes deleted`, result: undefined };
  });
}

function gone(
  was: boolean,
  otherwise = 'there was none',
): { state: 'done' | 'not needed'; detail: string; result: undefined } {
  return { state: was ? 'done' : 'not needed', detail: was ? 'removed' : otherwise, result: undefined };
}

/** The fence goes first: a batch that is still on its way writes nothing after it. */
async function removeLabel({ stores, longStores }: Steps, { holder, batchSize }: Leftovers): Promise<string> {
  for (const token of fenceTokens(holder.runId)) await stores.revokeFence(token);
  const removed = await longStores.removeVersionLabel(holder.label, batchSize);
  return `:${holder.label} removed from ${removed} nodes`;
}

/** Of Qdrant's step; what is told after it is of the staging name alone. */
const ALIAS = {
  'moved back': 'alias moved back, and the collection that it led to removed',
  'not moved': 'the alias had not moved; the collection that it was to lead to removed',
  'not needed': 'no alias to move back',
} as const;

/** First of all, since what production is read from must not be taken for what was staged. */
async function switchBack({ files }: Steps, log: RollbackLog, { holder }: Leftovers): Promise<void> {
  if ((holder.kind ?? 'baseline') !== 'publish') return;
  await log.attempt(4, async () => {
    const moved = await files.switchVectorsBack(holder.runId);
    return { state: moved === 'not needed' ? 'not needed' : 'done', detail: ALIAS[moved], result: undefined };
  });
}

/**
 * A version that is staged touches production with its switch, and not before: whatever production is until then is
 * nobody's to take back.
 */
async function lookAtProduction(steps: Steps, log: RollbackLog, left: Leftovers): Promise<ProductionFound> {
  const { kind = 'baseline', runId } = left.holder;
  if (kind === 'baseline') return { untouched: false, proof: await prove(steps, log, left) };
  const entry = await log.step(6, async () => {
    const found = await steps.files.findSwitch(runId);
    if (found) return { detail: `the switch to ${found.versionId} had begun`, result: found };
    return { state: 'not needed', detail: UNTOUCHED, result: null };
  });
  if (!entry) {
    log.note(7, 'not needed', UNTOUCHED);
    return { untouched: true };
  }
  const proof =
    kind === 'restore' ? await takeStoresBack(steps, log, entry, { dead: true }) : await prove(steps, log, left);
  // Whatever this one restored: an undo before it may have been broken off right here.
  if (proof) await giveLabelsBack(steps, log, entry).catch(() => undefined);
  return { untouched: false, proof };
}

async function prove(steps: Steps, log: RollbackLog, left: Leftovers): Promise<ProductionProof | undefined> {
  const { runId, versionId } = left.holder;
  const copies = await log.step(6, async () => {
    const found = await steps.files.copiesBefore(runId);
    const judged = left.status === 'rolled_back';
    const lost = found.length === 0 && left.status !== 'absent' && !judged;
    // Where the claim is lost too, the backups folder is another one now, and there is nothing to wait for.
    if (lost && left.holder.namespace !== undefined) throw copyIsGone(versionId);
    const none = lost ? COPY_LOST : judged ? JUDGED_BEFORE : NOTHING_MODIFIED;
    const detail = found.length > 0 ? `${found.map(({ folder }) => folder).join(', ')} to compare with` : none;
    return { state: found.length > 0 ? 'done' : 'not needed', detail, result: found };
  });
  if (copies.length > 0) return proveProduction(steps, log, { copies, versionId });
  log.note(7, 'not needed', 'there is nothing to compare with');
  return undefined;
}

const UNTOUCHED = 'the switch had not begun: production was not touched';

const NOTHING_MODIFIED = 'the run ended before its copy of production, and so before it modified anything';

const JUDGED_BEFORE = 'an undo before this one has proven production, said so in the row, and let go of its copy';

const COPY_LOST = 'claim and latest-copy are lost: production cannot be compared with what it was';

/** A row is made after latest-copy, and judged before that goes: where a row is open and has no copy, somebody took it. */
function copyIsGone(versionId: string): Error {
  return businessFailure('NEEDS_OPERATOR', {
    found: `${versionId} has a row, and there is no copy of production from before it`,
    expected: 'latest-copy in the backups folder',
    next: `bring the backups folder back (HYBRIDFLOW_BACKUPS), then continue with \`${CONTINUE}\``,
  });
}

/** Everything else that the run made, last-in first-out; then the last words, unless something is left. */
async function restOf(
  steps: Steps,
  log: RollbackLog,
  left: Leftovers,
  proof: ProductionProof | undefined,
): Promise<CompensationResult[]> {
  const { files, longFiles } = steps;
  const { reason, startedAt, trigger, holder } = left;
  const { runId, versionId, tablesBefore, qdrantSnapshotsBefore } = holder;
  const failed = log.failed;
  const saga = new Saga();
  const lastWord = { lastWord: true };
  saga.undoWith(`claim of ${versionId}`, () => files.releaseClaim(runId), lastWord);
  if (tablesBefore) {
    saga.undoWith('latest-copy', () => files.settleLatestCopy(runId, 'old'), lastWord);
    saga.undoWith(
      `registry row of ${versionId}`,
      () =>
        files.rollBackRow(
          versionId,
          runId,
          reason,
          postMortem(startedAt, proof, { trigger, reason, steps: log.steps }),
        ),
      lastWord,
    );
    if ((holder.kind ?? 'baseline') !== 'baseline') {
      saga.undoWith('journal of the switch', () => files.closeSwitch(runId, 'undone'), lastWord);
    }
    if (holder.kind === 'restore') {
      // Directly before the journal is closed: an attempt of the dead run may have woken meanwhile.
      saga.undoWith('production once more', () => stillBack(steps, runId), lastWord);
    }
    saga.undoWith('versioning tables', () => files.undoVersioningTables(tablesBefore));
    saga.undoWith('write fence', () => files.releaseWriteFence(runId));
    saga.undoWith('half-built latest-copy', () => longFiles.removeFolder(LATEST_COPY_FOLDERS.building(runId), runId));
    // Without the list of what was there before, nothing on the server can be told to be that run's.
    if (qdrantSnapshotsBefore) {
      saga.undoWith('Qdrant snapshots', () => sweepSnapshots(steps, qdrantSnapshotsBefore, { runId, justNow: false }));
    }
    saga.undoWith('side targets of the rehearsal', () => longFiles.removeRehearsal(runId));
    saga.undoWith(`artifacts of ${versionId}`, () => longFiles.removeFolder(versionId, runId));
  }
  for (const { number, name, detail } of failed) {
    saga.undoWith(`step ${number} (${name})`, () => Promise.reject(new Error(detail)));
  }
  return saga.compensate();
}

async function stillBack(steps: Steps, runId: string): Promise<void> {
  const entry = await steps.files.findSwitch(runId);
  if (entry?.state === 'switching') await demandStillBack(steps, entry);
}

async function recordOf(
  log: RollbackLog,
  { holder, reason, trigger, status, criteria }: Leftovers,
  { proof, untouched }: ProductionFound,
  results: readonly CompensationResult[],
): Promise<RollbackRecord> {
  const left = leftBy(results);
  let checks: CheckResult[] = [];
  if (left.length > 0) log.note(8, 'failed', left.join('; '));
  else if (holder.tablesBefore) checks = await validateAgain(log);
  else log.note(8, 'done', 'nothing was changed');
  const known = { versionId: holder.versionId, trigger, reason, checks, left, criteria };
  // A verdict is given once production is proven, and by nothing else.
  const proofNeeded = status !== 'absent' && status !== 'rolled_back' && !untouched;
  return rollbackRecord(known, log, proof, { proofNeeded });
}
