import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, setHandler, sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { CheckHealthInput, HealthReport, HealthView } from '../domain/health';
import { healthMarkdown } from '../domain/health-markdown';
import { SEARCH_ATTRIBUTES } from '../domain/names';
import { health } from './messages';
import { forwardSteps } from './parts/activities';
import { businessFailure, rootOf } from './parts/failures';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

const LONGEST_DELAY_SECONDS = 30 * 24 * 3600;

/**
 * Looks at the health of a version, after a delay where one is given: the monitoring five minutes after a commit, and
 * each run of the schedule. A version found ill is a result, not a failure; the search attribute of the outcome and
 * the current details show it.
 *
 * Fails with CONFIG_INVALID or VERSION_UNKNOWN for an input that does not fit, and with the step's own code where no
 * worker could do it.
 */
export async function checkHealth(given?: CheckHealthInput | null): Promise<HealthReport> {
  const { base, versionId, delaySeconds } = sound(given ?? {});
  const view: HealthView = { versionId, waitsUntil: null, report: null };
  setHandler(health, () => view, { description: 'What the check waits for, and what it found' });
  if (versionId !== null) upsertSearchAttributes([{ key: keyword(SEARCH_ATTRIBUTES.versionId), value: versionId }]);
  if (delaySeconds > 0) {
    view.waitsUntil = new Date(Date.now() + delaySeconds * 1_000).toISOString();
    setCurrentDetails(`Waits until ${view.waitsUntil}, then looks at ${versionId ?? 'the committed version'}.`);
    await sleep(delaySeconds * 1_000, { summary: 'let the version settle' });
    view.waitsUntil = null;
  }
  setCurrentDetails(`Looks at ${versionId ?? 'the committed version'}.`);
  const report = await look(versionId, base);
  view.versionId = report.versionId;
  view.report = report;
  show(report);
  return report;
}

async function look(versionId: string | null, base: string | null): Promise<HealthReport> {
  try {
    return await forwardSteps().longFiles.inspectHealth(versionId, base);
  } catch (error) {
    throw rootOf(error);
  }
}

function show(report: HealthReport): void {
  const { base, versionId, state } = report;
  upsertSearchAttributes([
    { key: keyword(SEARCH_ATTRIBUTES.base), value: base },
    { key: keyword(SEARCH_ATTRIBUTES.outcome), value: state === 'failed' ? 'unhealthy' : 'healthy' },
    ...(versionId === null ? [] : [{ key: keyword(SEARCH_ATTRIBUTES.versionId), value: versionId }]),
  ]);
  // Samples of logs stay in the report: the details of a run are kept, and shown to whoever may look at Temporal.
  setCurrentDetails(healthMarkdown(report, { samples: false }));
}

interface SoundInput {
  base: string | null;
  versionId: string | null;
  delaySeconds: number;
}

const isName = (value: unknown): value is string | null => value === null || typeof value === 'string';

function sound({
  base = null,
  versionId = null,
  delaySeconds = 0,
}: Partial<Record<keyof SoundInput, unknown>>): SoundInput {
  const timed = typeof delaySeconds === 'number' && delaySeconds >= 0 && delaySeconds <= LONGEST_DELAY_SECONDS;
  if (isName(base) && isName(versionId) && timed) return { base, versionId, delaySeconds };
  throw businessFailure('CONFIG_INVALID', {
    found: `The input of checkHealth does not fit: base is ${String(base)}, versionId ${String(versionId)}, delaySeconds ${String(delaySeconds)}`,
    expected: 'names or none, and at most thirty days of delay',
    next: 'correct the input; {} is a valid one',
  });
}
