import type { Duration } from '@temporalio/common';
import { ActivityCancellationType, proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { FileActivities, StoreActivities } from '../../activities';
import { filesQueue } from '../../domain/names';
import { withSummaries } from './summaries';

/** Outages are retried for this long before a quick step counts as failed for good; steps that take long get two hours. */
const RETRY_FOR = '15 minutes';

export interface Steps {
  files: ReturnType<typeof proxyActivities<FileActivities>>;
  stores: ReturnType<typeof proxyActivities<StoreActivities>>;
  /** The same families for calls that take long and heartbeat. */
  longFiles: ReturnType<typeof proxyActivities<FileActivities>>;
  longStores: ReturnType<typeof proxyActivities<StoreActivities>>;
}

/** Proxies for the forward path. `maxAttempts` bounds retries by number where 15 minutes are too long. */
export function forwardSteps(maxAttempts?: number, retryFor: Duration = RETRY_FOR): Steps {
  const retry = {
    initialInterval: '500ms',
    maximumInterval: '15s',
    // An input that does not fit is refused by the first step, which must be able to run.
    ...(Number.isInteger(maxAttempts) && Number(maxAttempts) > 0 && { maximumAttempts: maxAttempts }),
  };
  const quick: ActivityOptions = {
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: retryFor,
    // Compensation must not start while a cancelled step may still be writing.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
  };
  const long: ActivityOptions = {
    ...quick,
    startToCloseTimeout: '1 hour',
    scheduleToCloseTimeout: '2 hours',
    heartbeatTimeout: '10s',
  };
  return stepsWith(quick, long);
}

/** Proxies for preflight: nothing is at stake yet, so whoever waits is told soon of a service that is down. */
export function preflightSteps(maxAttempts?: number): Steps {
  return forwardSteps(maxAttempts, '1 minute');
}

/** Proxies for compensations: no deadline while nobody is there to run them, but a bounded number of failures. */
export function undoSteps(): Steps {
  const retry = { initialInterval: '500ms', maximumInterval: '30s', maximumAttempts: 40 };
  const quick: ActivityOptions = { startToCloseTimeout: '1 minute', retry };
  return stepsWith(quick, { ...quick, startToCloseTimeout: '1 hour', heartbeatTimeout: '10s' });
}

/** Proxies for what only tells how a run ended: a few attempts, since the end must not wait for the telling. */
export function tellingSteps(): Steps {
  const retry = { initialInterval: '500ms', maximumInterval: '5s', maximumAttempts: 4 };
  const quick: ActivityOptions = { startToCloseTimeout: '30s', scheduleToCloseTimeout: '2 minutes', retry };
  return stepsWith(quick, {
    ...quick,
    startToCloseTimeout: '10 minutes',
    scheduleToCloseTimeout: '30 minutes',
    heartbeatTimeout: '10s',
  });
}

function stepsWith(quick: ActivityOptions, long: ActivityOptions): Steps {
  const taskQueue = filesQueue(workflowInfo().taskQueue);
  return {
    files: withSummaries(proxyActivities<FileActivities>({ ...quick, taskQueue })),
    stores: withSummaries(proxyActivities<StoreActivities>(quick)),
    longFiles: withSummaries(proxyActivities<FileActivities>({ ...long, taskQueue })),
    longStores: withSummaries(proxyActivities<StoreActivities>(long)),
  };
}
