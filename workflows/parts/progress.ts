import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type {
  BaselineOutcome,
  CompensationResult,
  LabelProgress,
  PauseView,
  Phase,
  ProgressView,
  RunState,
  StepRecord,
} from '../../domain/baseline';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import type { StagingView } from '../../domain/staging';
import { progress } from '../messages';
import { renderDetails } from './details';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const KEYS = {
  versionId: keyword(SEARCH_ATTRIBUTES.versionId),
  base: keyword(SEARCH_ATTRIBUTES.base),
  phase: keyword(SEARCH_ATTRIBUTES.phase),
  outcome: keyword(SEARCH_ATTRIBUTES.outcome),
};

/** Where a run stands: for the query `progress`, the current details in the Temporal UI, and the search attributes. */
export class Progress {
  #view: ProgressView = {
    base: '',
    versionId: null,
    state: 'running',
    phase: 'preflight',
    steps: [],
    labels: null,
    pause: { state: 'open' },
    reason: null,
    rollingBackSince: null,
    compensations: [],
  };
  #pauseView: () => PauseView = () => ({ state: 'open' });

  constructor(phases?: readonly Phase[]) {
    if (phases) this.#view.phases = phases;
    setHandler(progress, () => this.view, { description: 'Phase, steps, labels, pause and compensations of this run' });
  }

  get view(): ProgressView {
    return { ...this.#view, pause: this.#pauseView() };
  }

  get steps(): StepRecord[] {
    return this.#view.steps;
  }

  watchPause(view: () => PauseView): void {
    this.#pauseView = view;
  }

  identify(base: string, versionId: string): void {
    this.#view = { ...this.#view, base, versionId };
    upsertSearchAttributes([
      { key: KEYS.base, value: base },
      { key: KEYS.versionId, value: versionId },
    ]);
    this.publish();
  }

  enter(phase: Phase): void {
    this.#view.phase = phase;
    upsertSearchAttributes([{ key: KEYS.phase, value: phase }]);
    this.publish();
  }

  /** Runs a step and records when it began and how it ended. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const record: StepRecord = { phase: this.#view.phase, name, state: 'running', startedAt: new Date().toISOString() };
    this.#view.steps.push(record);
    this.publish();
    try {
      const result = await work();
      record.state = 'done';
      return result;
    } catch (error) {
      record.state = 'failed';
      throw error;
    } finally {
      record.endedAt = new Date().toISOString();
      this.publish();
    }
  }

  /** Of a version that is being staged: where it stands. */
  staging(staging: StagingView): void {
    this.#view.staging = staging;
    this.publish();
  }

  labels(labels: LabelProgress): void {
    this.#view.labels = labels;
    this.publish();
  }

  rollingBack(reason: string): void {
    this.#view.reason = reason;
    this.#view.rollingBackSince = new Date().toISOString();
    this.#state('rolling back');
  }

  /** The rollback turned out to be none: what it was to undo is committed. */
  goesOn(): void {
    this.#view.reason = null;
    this.#view.rollingBackSince = null;
    this.#state('running');
  }

  compensated(result: CompensationResult): void {
    this.#view.compensations.push(result);
    this.publish();
  }

  ended(outcome: BaselineOutcome['outcome'] | 'cancelled' | 'restored'): void {
    upsertSearchAttributes([{ key: KEYS.outcome, value: outcome }]);
    this.#state(outcome.replaceAll('_', ' ') as RunState);
  }

  publish(): void {
    setCurrentDetails(renderDetails(this.view));
  }

  #state(state: RunState): void {
    this.#view.state = state;
    this.publish();
  }
}
