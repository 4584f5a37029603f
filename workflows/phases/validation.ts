import { judgeCounts } from '../../domain/checks';
import { comparisonText, inBrief, type FingerprintComparison } from '../../domain/fingerprint';
import { STORE_NAMES } from '../../domain/names';
import type { ProbeComparison } from '../../domain/probes';
import { LATEST_COPY } from '../../domain/version-id';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { demandCriteria } from '../parts/criteria';
import { demandAll } from '../parts/demand';
import { asTrigger, messageOf, triggerFailure } from '../parts/failures';
import { allOrCancel } from '../parts/run';

/**
 * Phase 4. First the counts, which are quick and tell most; then the seven checks beside the fingerprints; then, with
 * nothing else of ours at work, the probes; at last the criteria over all of it.
 */
export async function validation(run: BaselineRun, found: Found): Promise<void> {
  const { record } = run;
  await run.step(
    'verify the counts across all stores',
    () => counts(run, found),
    () => ({ counts: record.counts }),
  );
  await allOrCancel([
    () =>
      run.step(
        'run the seven checks',
        () => sevenChecks(run, found),
        () => ({ checks: record.checks.filter(({ number }) => number !== undefined) }),
      ),
    () => run.step('compare production with latest-copy', () => content(run), fingerprintFacts),
  ] as const);
  await run.step('run the probes after', () => probes(run), probeFacts);
  await run.step('try the versioning tables', () => operational(run));
  await run.step(
    'evaluate the criteria',
    async () => demandCriteria(run),
    () => ({ criteria: record.criteria }),
  );
}

async function counts(run: BaselineRun, { inventory }: Found): Promise<void> {
  const { steps, label, record } = run;
  const [chapters, stores] = await Promise.all([steps.files.countChapters(), steps.longStores.countStores(label)]);
  record.counts = { ...chapters, ...stores };
  const checks = judgeCounts(inventory, record.counts);
  record.checks.push(...checks);
  demandAll(6, checks);
}

async function sevenChecks({ steps, record, warnings }: BaselineRun, { inventory }: Found): Promise<void> {
  const { chapters, perTextbook } = inventory.sqlite;
  const checks = await steps.longFiles.runSevenChecks({ chapters, perTextbook });
  record.checks.push(...checks);
  const noted = checks.filter(({ passed, severity }) => !passed && severity === 'warning');
  warnings.push(...noted.map(({ number, name, actual }) => `check ${number} (${name}): ${actual}`));
  demandAll(3, checks);
}

/** Criterion 6: not a count of records, but every one of them, as it was before. */
async function content({ steps, record }: BaselineRun): Promise<FingerprintComparison[]> {
  record.fingerprints = await Promise.all(
    STORE_NAMES.map((store) => steps.longFiles.compareProduction(LATEST_COPY, store)),
  );
  const changed = record.fingerprints.filter(({ same }) => !same);
  if (changed.length === 0) return record.fingerprints;
  throw triggerFailure(3, 'CHECK_FAILED', {
    found: `Production is not what it was before: ${changed.map((c) => `${c.store}: ${comparisonText(c)}`).join('; ')}`,
    expected: 'the fingerprints of latest-copy',
    next: 'find out who wrote during the run; the run has been rolled back',
    details: { changed },
  });
}

async function probes({ steps, record, versionId, warnings }: BaselineRun): Promise<ProbeComparison[]> {
  record.probes = await asTrigger(5, () => steps.longFiles.compareProbes(versionId, 1));
  const told = ({ name, why }: ProbeComparison) => `${name}: ${why ?? ''}`;
  warnings.push(...record.probes.filter(({ verdict }) => verdict === 'warning').map(told));
  const failed = record.probes.filter(({ verdict }) => verdict === 'failed');
  if (failed.length === 0) return record.probes;
  throw triggerFailure(5, 'PROBE_FAILED', {
    found: `Queries do not answer as before: ${failed.map(told).join('; ')}`,
    expected: 'the same answers, no more than 20 % slower',
    next: 'compare probes-before.json and probes-after.json beside the report; the run has been rolled back',
    details: { failed },
  });
}

/** What goes wrong here is criterion 8's to judge. */
async function operational({ steps, record, versionId }: BaselineRun): Promise<void> {
  try {
    record.operational = await steps.files.tryOperations(versionId);
  } catch (error) {
    record.operational = messageOf(error);
  }
}

function fingerprintFacts(compared: FingerprintComparison[]): Record<string, unknown> {
  return { fingerprints: inBrief(compared) };
}

function probeFacts(compared: ProbeComparison[]): Record<string, unknown> {
  return {
    probes: compared.map(({ name, verdict, medianBeforeMs, medianAfterMs }) => ({
      name,
      verdict,
      medianBeforeMs,
      medianAfterMs,
    })),
  };
}
