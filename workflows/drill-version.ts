import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { CancellationScope, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { drillMarkdown, type DrillInput, type DrillOutcome, type DrillReport } from '../domain/drill';
import { SEARCH_ATTRIBUTES, STORE_NAMES } from '../domain/names';
import { isVersionId, LATEST_COPY } from '../domain/version-id';
import { forwardSteps, tellingSteps } from './parts/activities';
import { businessFailure, rootOf } from './parts/failures';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** Whoever drills waits for the answer: a service that stays down is told of, not waited for. */
const ATTEMPTS = 6;

/**
 * Restores a version beside production, runs the seven checks over what came back, takes the time that each store
 * needed, and keeps the result. It holds nothing and changes nothing, so that it may run beside a change. A version
 * that cannot be restored is a result, not a failure; the search attribute of the outcome and the details show it.
 *
 * Fails with CONFIG_INVALID for an input that does not fit, and with VERSION_UNKNOWN, VERSION_ARCHIVED, FOREIGN_BASE
 * or the step's own code.
 */
export async function drillVersion(given?: DrillInput | null): Promise<DrillOutcome> {
  const input = sound(given ?? {});
  const { versionId } = input;
  // The attribute of the base is left out: by it a client finds the change that holds the base.
  upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.versionId), value: versionId }]);
  setCurrentDetails(`Restores ${versionId} beside production.`);
  const report = await restoreAside(input);
  show(report);
  const kept = await tellingSteps()
    .files.recordDrill(report)
    .catch((error: unknown) => ({ reportPath: null, notes: [`the report was not kept: ${String(rootOf(error))}`] }));
  return { ...report, ...kept };
}

async function restoreAside(input: DrillInput): Promise<DrillReport> {
  try {
    return await forwardSteps(ATTEMPTS).longFiles.drill(input);
  } catch (error) {
    // What cannot be removed now is found by its name later; the first error is the one to be told.
    await CancellationScope.nonCancellable(() => tellingSteps().files.removeRehearsal(workflowInfo().runId)).catch(
      () => undefined,
    );
    throw rootOf(error);
  }
}

function show(report: DrillReport): void {
  upsertSearchAttributes([
    { key: keyword(SEARCH_ATTRIBUTES.outcome), value: report.passed ? 'restorable' : 'not_restorable' },
  ]);
  setCurrentDetails(drillMarkdown(report));
}

function sound({ versionId, base, stores, startedBy }: Partial<Record<keyof DrillInput, unknown>>): DrillInput {
  const named = typeof versionId === 'string' && (versionId === LATEST_COPY || isVersionId(versionId));
  const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';
  const listed = stores === undefined || (Array.isArray(stores) && stores.length > 0 && stores.every(isStore));
  if (named && isText(base) && listed && isText(startedBy)) {
    return { versionId, ...(base !== undefined && { base }), ...(stores !== undefined && { stores }), startedBy };
  }
  throw businessFailure('CONFIG_INVALID', {
    found: `The input of drillVersion does not fit: versionId is ${String(versionId)}, stores ${String(stores)}`,
    expected: `the id of a version or ${LATEST_COPY}, and stores of ${STORE_NAMES.join(', ')}`,
    next: 'correct the input; {"versionId": "latest-copy"} is a valid one',
  });
}

function isStore(value: unknown): boolean {
  return (STORE_NAMES as readonly unknown[]).includes(value);
}
