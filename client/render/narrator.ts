import type { LabelProgress, PauseView, ProgressView, StepRecord } from '../../domain/baseline';
import { count, duration } from './text';

export interface NarratorOptions {
  /** Also tell what begins and how far labelling is: for output that does not redraw. */
  plain: boolean;
}

/**
 * Turns successive views of a run into the lines that are new since the last one: phases, steps, pauses, the
 * rollback. However often the same view comes, each thing is said once.
 */
export class Narrator {
  readonly #plain: boolean;
  #told: StepRecord['state'][] = [];
  #phase: string | undefined;
  #tenth = 0;
  #pause: PauseView['state'] = 'open';
  #rollingBack = false;
  #undone = 0;

  constructor({ plain }: NarratorOptions) {
    this.#plain = plain;
  }

  /** The lines to print, in order; empty where nothing has changed. */
  tell(view: ProgressView): string[] {
    return [...this.#steps(view), ...this.#labels(view), ...this.#rollback(view), ...this.#pauses(view)];
  }

  #steps({ steps, phase }: ProgressView): string[] {
    const lines: string[] = [];
    steps.forEach((step, i) => {
      if (this.#told[i] === step.state || this.#told[i] === 'done' || this.#told[i] === 'failed') return;
      this.#told[i] = step.state;
      if (step.state === 'running' && !this.#plain) return;
      lines.push(...this.#enter(step.phase), stepLine(step));
    });
    return this.#plain ? [...lines, ...this.#enter(phase)] : lines;
  }

  #enter(phase: string): string[] {
    if (phase === this.#phase) return [];
    this.#phase = phase;
    return [phase];
  }

  #labels({ labels }: ProgressView): string[] {
    if (!this.#plain || !labels || labels.total === 0) return [];
    const tenth = Math.floor((10 * labels.done) / labels.total);
    if (tenth <= this.#tenth) return [];
    this.#tenth = tenth;
    return [`  labels ${labelsText(labels)}`];
  }

  #pauses({ pause, labels }: ProgressView): string[] {
    if (pause.state === this.#pause) return [];
    this.#pause = pause.state;
    // A rollback lets go of the pause; that nothing is written any more has been said.
    if (this.#rollingBack && pause.state === 'open') return [];
    return [`  ${pauseText(pause, labels)}`];
  }

  #rollback({ reason, state, compensations }: ProgressView): string[] {
    const lines: string[] = [];
    if (!this.#rollingBack && (state === 'rolling back' || compensations.length > 0)) {
      this.#rollingBack = true;
      lines.push(`rolling back: ${reason ?? 'no reason given'}`);
    }
    for (const { name, state: how, error, note } of compensations.slice(this.#undone)) {
      const why = error ?? note;
      lines.push(`  ${how}: ${name}${why ? ` (${why})` : ''}`);
    }
    this.#undone = compensations.length;
    return lines;
  }
}

/** `12,000 of 36,216 (33 %), batch 12/37, 5,200/s, about 5 s to go` */
export function labelsText({ done, total, batch, batches, rate, etaSeconds }: LabelProgress): string {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  const parts = [`${count(done)} of ${count(total)} (${percent} %)`, `batch ${batch}/${batches}`];
  if (rate > 0) parts.push(`${count(Math.round(rate))}/s`);
  if (etaSeconds !== null && done < total) parts.push(`about ${Math.max(1, Math.ceil(etaSeconds))} s to go`);
  return parts.join(', ');
}

/** The state of the write gate, with all that is known about the pause. */
export function pauseText(pause: PauseView, labels: LabelProgress | null): string {
  if (pause.state === 'open') return 'Neo4j writes go on';
  const parts = [`Neo4j writes ${pause.state}`];
  if (pause.state === 'paused' && pause.quiescedAt) parts.push(`quiesced at ${pause.quiescedAt}`);
  if (labels) parts.push(`batch ${labels.batch}/${labels.batches}`);
  if (pause.by) parts.push(`by ${pause.by}`);
  if (pause.reason) parts.push(`reason: ${pause.reason}`);
  if (pause.until) parts.push(`until ${pause.until}`);
  return parts.join(', ');
}

function stepLine({ name, state, startedAt, endedAt }: StepRecord): string {
  const took = endedAt === undefined ? '' : ` (${duration(Date.parse(endedAt) - Date.parse(startedAt))})`;
  const mark = { running: '…', done: '✓', failed: '✗' }[state];
  return `  ${mark} ${name}${took}`;
}
