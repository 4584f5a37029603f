import { setTimeout as pause } from 'node:timers/promises';
import { startChange, startOrAttach } from '../client/changes';
import type { Context } from '../client/context';
import { PUBLISH_VERSION } from '../client/publishing';
import type { Session } from '../client/temporal';
import { durationsByPhase } from '../domain/baseline';
import type { PublishOutcome } from '../domain/publish';
import type { RestoreOutcome } from '../domain/restore';
import type { ReadyAnswer } from '../domain/staging';
import type { ParsedChapter } from '../examples/ingestion/chapter';
import { ingest } from '../examples/ingestion/ingest';
import { progress, readyUpdate } from '../workflows/messages';
import { loseNearlyAll } from './loss';

/** What a change of 1 % and its way back took, in milliseconds. */
export interface MeasuredLife {
  chunks: number;
  /** From `ready` to its answer. */
  validateMs: number;
  /** From the write fence to the commit point. */
  promoteMs: number;
  /** How long the three stores disagreed. */
  disagreedMs: number;
  /** From `ready` to the end: latest-copy refreshed, the window applied. */
  publishMs: number;
  /** All three stores back to the baseline, from the start of the run to its end, proofs included. */
  restoreMs: number;
  /** The same, with nearly everything lost before: all nodes, all rows, all points but one. */
  restoreAfterLossMs: number;
  promoteSteps: { name: string; milliseconds: number }[];
  restorePhases: { phase: string; milliseconds: number }[];
  afterLossPhases: { phase: string; milliseconds: number }[];
}

const POLL_MS = 20;
const SHARE = 0.01;

/**
 * Registers a baseline, publishes a change of 1 %, half of it a chapter that is replaced, and restores the baseline: over
 * that change, and after a loss.
 */
export async function measureLife(context: Context, session: Session): Promise<MeasuredLife> {
  const { base } = context.settings();
  const { change: first } = await startOrAttach(session, base, { startedBy: 'bench' });
  const baseline = await first.handle.result();
  const half = halfAPercent(baseline);
  const { outcome, validateMs, publishMs } = await publishChapters(context, session, [
    chapterOf('bailey', '1', half, 'bench'),
    chapterOf('bailey', '990', half, 'bench'),
  ]);
  if (!outcome.proven) throw new Error('The publication is not proven, so it measured nothing');
  const back = await restoreBaseline(session, base);
  await loseNearlyAll(context.settings());
  const afterLoss = await restoreBaseline(session, base);
  const promotion = outcome.steps.filter(({ phase }) => phase === 'promotion');
  return {
    ...{ chunks: 2 * half, validateMs, publishMs },
    restoreMs: back.milliseconds,
    restoreAfterLossMs: afterLoss.milliseconds,
    promoteMs: durationsByPhase(promotion)[0]?.milliseconds ?? 0,
    disagreedMs: outcome.promote?.disagreedMs ?? 0,
    promoteSteps: promotion.map(({ name, startedAt: from, endedAt }) => {
      return { name, milliseconds: Date.parse(endedAt ?? from) - Date.parse(from) };
    }),
    restorePhases: back.phases,
    afterLossPhases: afterLoss.phases,
  };
}

interface Restored {
  milliseconds: number;
  phases: { phase: string; milliseconds: number }[];
}

async function restoreBaseline(session: Session, base: string): Promise<Restored> {
  const startedAt = performance.now();
  const input = { version: 'baseline', startedBy: 'bench' };
  const summary = 'Restore the baseline';
  const { change } = await startChange(session, base, { type: 'restoreVersion', input, summary });
  const restored = (await change.handle.result()) as unknown as RestoreOutcome;
  const milliseconds = Math.round(performance.now() - startedAt);
  if (!restored.proven) throw new Error('The restore is not proven, so it measured nothing');
  return { milliseconds, phases: durationsByPhase(restored.steps) };
}

/** Chunks in each of the two chapters that together are a change of 1 % of the baseline. */
export function halfAPercent(baseline: object): number {
  const counts = 'counts' in baseline ? (baseline.counts as { paragraphs: number } | null) : null;
  return Math.max(1, Math.ceil(((counts?.paragraphs ?? 0) * SHARE) / 2));
}

/** Stages these chapters over production and promotes them. Times in milliseconds, from `ready` on. */
export async function publishChapters(
  context: Context,
  session: Session,
  chapters: readonly ParsedChapter[],
  startedBy = 'bench',
): Promise<{ outcome: PublishOutcome; validateMs: number; publishMs: number; historyEvents: number }> {
  const settings = context.settings();
  const request = { type: PUBLISH_VERSION, input: { startedBy }, summary: `A version for the ${startedBy}` };
  const { change } = await startChange(session, settings.base, request);
  while ((await change.handle.query(progress).catch(() => undefined))?.staging?.stage !== 'open') await pause(POLL_MS);
  await ingest(settings, chapters);
  const readyAt = performance.now();
  const args: [object] = [{ by: startedBy }];
  const answer = await change.handle.executeUpdate<ReadyAnswer, [object]>(readyUpdate.name, { args });
  if (!answer.accepted) throw new Error(`Staging was refused: ${answer.failed.join('; ')}`);
  const validateMs = Math.round(performance.now() - readyAt);
  const outcome = (await change.handle.result()) as PublishOutcome;
  const publishMs = Math.round(performance.now() - readyAt);
  const { historyLength } = await change.handle.describe();
  return { outcome, validateMs, publishMs, historyEvents: historyLength };
}

/** A chapter of one section whose texts nobody else has. */
export function chapterOf(textbookId: string, number: string, size: number, of: string): ParsedChapter {
  const paragraphs = Array.from({ length: size }, (_, i) => {
    return { text: `${of}: paragraph ${i + 1} of chapter ${number}.`, page: i + 1 };
  });
  const sections = [{ number: '1', title: 'Section 1', paragraphs }];
  return { textbookId, number, title: `Chapter ${number}, ${of}`, source: `${of}.pdf`, sections };
}
