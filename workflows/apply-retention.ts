import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../domain/names';
import type { RetentionInput, WindowApplied } from '../domain/retention';
import { windowMarkdown } from '../domain/window-markdown';
import { forwardSteps } from './parts/activities';
import { businessFailure, rootOf } from './parts/failures';
import { applyWindow } from './phases/window';

/** The next run of the schedule goes on with whatever an outage leaves undone. */
const ATTEMPTS = 10;

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/**
 * Applies the sliding window of a base, by schedule or because somebody asks: it may run beside a change, since nothing
 * that a change uses leaves. A version that cannot leave is a warning in the result, not a failure.
 *
 * Fails with CONFIG_INVALID for an input that does not fit, BASE_BUSY where a claim is there that cannot be read, and
 * with the step's own code where no worker could do it.
 */
export async function applyRetention(given?: RetentionInput | null): Promise<WindowApplied> {
  const input = sound(given ?? {});
  setCurrentDetails('Looks at the window.');
  try {
    const applied = await applyWindow(forwardSteps(ATTEMPTS), input);
    upsertSearchAttributes([
      { key: keyword(SEARCH_ATTRIBUTES.base), value: applied.base },
      {
        key: keyword(SEARCH_ATTRIBUTES.outcome),
        value: applied.warnings.length === 0 ? 'applied' : 'applied with warnings',
      },
    ]);
    setCurrentDetails(windowMarkdown(applied));
    return applied;
  } catch (error) {
    throw rootOf(error);
  }
}

function sound({ base, emergency, startedBy }: Partial<Record<keyof RetentionInput, unknown>>) {
  const fits =
    (base === undefined || base === null || typeof base === 'string') &&
    (emergency === undefined || typeof emergency === 'boolean') &&
    (startedBy === undefined || startedBy === null || typeof startedBy === 'string');
  if (fits) return { base: base ?? undefined, emergency: emergency ?? false, startedBy: startedBy ?? 'applyRetention' };
  throw businessFailure('CONFIG_INVALID', {
    found: `The input of applyRetention does not fit: base is ${String(base)}, emergency ${String(emergency)}, startedBy ${String(startedBy)}`,
    expected: 'names or none, and true or false',
    next: 'correct the input; {} is a valid one',
  });
}
