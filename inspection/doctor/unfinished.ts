import type { DoctorFacts } from '../../domain/doctor';
import { isActive } from '../../domain/status';
import type { IsOpen, RunRef } from '../holders';
import type { ChangeSeen } from './report';
import type { Seen } from './look';

export interface Unfinished {
  fact: DoctorFacts['unfinished'];
  /** Whoever holds the base, in words: alive or not. */
  holders: string[];
  /** A run is at work that was not found as the change. */
  atWork: boolean;
}

interface Trace extends RunRef {
  fact: Exclude<DoctorFacts['unfinished'], 'none' | 'unknown'>;
  words: string;
}

const ROLLBACK = ['rollback_triggered', 'rolling_back', 'rolled_back'];

/**
 * What was begun and not ended: by the journal, which knows on which side of the commit point it stands, by the
 * registry's row, and by the claim. Of several traces the journal's counts first.
 */
export async function findUnfinished(seen: Seen, change: ChangeSeen | null, isOpen: IsOpen): Promise<Unfinished> {
  if (seen.claim.error !== undefined)
    return { fact: 'unknown', holders: [`the claim cannot be read: ${seen.claim.error}`], atWork: false };
  const traces = tracesOf(seen);
  const lives = await Promise.all(traces.map((trace) => isAlive(trace, change, isOpen)));
  const holders = traces.map(({ words }, i) => `${words}${LIFE[String(lives[i]) as keyof typeof LIFE]}`);
  const dead = traces.find((_, i) => lives[i] === false);
  const unsure = lives.includes(undefined);
  const fact = dead ? dead.fact : unsure ? 'unknown' : 'none';
  return { fact, holders, atWork: lives.includes(true) };
}

const LIFE = {
  true: ', which is at work',
  false: ', which is dead',
  undefined: ', of which nobody can say whether it is at work',
} as const;

async function isAlive(trace: Trace, change: ChangeSeen | null, isOpen: IsOpen): Promise<boolean | undefined> {
  if (change?.runId === trace.runId) return true;
  return trace.workflowId === '' ? undefined : isOpen(trace);
}

function tracesOf({ metadata, claim }: Seen): Trace[] {
  const { rows = [], journal = [] } = metadata.value ?? {};
  const traces: Trace[] = [];
  for (const { state, kind, versionId, workflowId, runId, startedAt } of journal) {
    if (state !== 'switching' && state !== 'committed') continue;
    const fact = state === 'switching' ? 'before the commit point' : 'after the commit point';
    traces.push({
      fact,
      workflowId,
      runId,
      words: `the journal has the ${kind} of ${versionId} as ${state} since ${startedAt}, by run ${runId}`,
    });
  }
  for (const { versionId, status, workflowId, runId } of rows.filter((row) => isActive(row.status))) {
    const words = `the registry has ${versionId} as ${status}, of run ${runId ?? 'unknown'}`;
    const fact = ROLLBACK.includes(status) ? 'rollback' : 'run';
    traces.push({ fact, workflowId: workflowId ?? '', runId: runId ?? '', words });
  }
  if (claim.value) {
    const { versionId, workflowId, runId, namespace, claimedAt } = claim.value;
    const status = rows.find((row) => row.versionId === versionId)?.status ?? '';
    const words = `the base is claimed for ${versionId} since ${claimedAt}, by run ${runId}`;
    traces.push({ fact: ROLLBACK.includes(status) ? 'rollback' : 'run', workflowId, runId, namespace, words });
  }
  return traces;
}
