import { condition, setHandler } from '@temporalio/workflow';
import type { StagingSettings } from '../../domain/baseline';
import type { ReadyAnswer, StagingStage, StagingView } from '../../domain/staging';
import {
  approve,
  approveUpdate,
  cancel,
  cancelUpdate,
  extend,
  extendUpdate,
  readyUpdate,
  stagingReady,
  type ApproveRequest,
  type CancelRequest,
  type ExtendRequest,
  type ReadyRequest,
} from '../messages';
import { businessFailure } from './failures';
import type { Abortable } from './run';

const MINUTE_MS = 60_000;
const LONGEST_MINUTES = 365 * 24 * 60;

export interface DeskOptions {
  kind: StagingView['kind'];
  from: string;
  settings: StagingSettings;
  /** Called with every change, to be shown. */
  onChange: (view: StagingView) => void;
  /** Called once where nobody has said anything for the time that calls for a warning. */
  onForgotten: (warning: string) => void;
}

/**
 * Where people and ingestions speak to a staging: it is declared ready, approved, cancelled, kept open for longer. What
 * cannot be done is refused where it comes as an update, and passed over where it comes as a signal.
 */
export class StagingDesk {
  #stage: StagingStage = 'preparing';
  #ready: ReadyRequest | undefined;
  #answer: ReadyAnswer | null = null;
  /** Counts the answers, so that whoever declared staging ready hears of its own validation. */
  #answered = 0;
  #approvedBy: string | null = null;
  #cancelled: string | undefined;
  #deadline: number | undefined;
  #warnAt = 0;
  #warning: string | null = null;
  #heard = 0;

  constructor(
    private readonly options: DeskOptions,
    private readonly abortable: Abortable,
  ) {
    setHandler(stagingReady, (request) => void (this.#stage === 'open' && this.#setReady(request ?? {})), {
      description: 'Staging is complete: validate it; optional {by}',
    });
    setHandler(readyUpdate, (request?: ReadyRequest) => this.#answerReady(request ?? {}), {
      validator: (request?: ReadyRequest) => this.#demand('open', request?.by),
      description: 'As the signal stagingReady, answered with what the validation found',
    });
    setHandler(approve, (request) => void (this.#stage === 'waiting for approval' && this.#approve(request ?? {})), {
      description: 'Promote what was validated; optional {by}',
    });
    setHandler(approveUpdate, (request?: ApproveRequest) => (this.#approve(request ?? {}), this.view), {
      validator: (request?: ApproveRequest) => this.#demand('waiting for approval', request?.by),
      description: 'As the signal approve, refused where nothing waits for approval',
    });
    setHandler(cancel, (request) => void this.#cancel(request ?? {}), {
      description: 'Give the staged version up; optional {reason, by}',
    });
    setHandler(cancelUpdate, (request?: CancelRequest) => this.#cancel(request ?? {}), {
      validator: (request?: CancelRequest) => this.#demandCancellable(request?.by),
      description: 'As the signal cancel, refused where the promote has begun',
    });
    setHandler(extend, (request) => void this.#extend(request ?? {}), {
      description: 'Keep staging open for longer; optional {minutes, by}',
    });
    setHandler(extendUpdate, (request?: ExtendRequest) => (this.#extend(request ?? {}), this.view), {
      validator: (request?: ExtendRequest) => this.#demandExtendable(request ?? {}),
      description: 'As the signal extend, answered with the new deadline',
    });
  }

  get view(): StagingView {
    const { kind, from, settings } = this.options;
    return {
      stage: this.#stage,
      kind,
      from,
      deadline: this.#deadline === undefined ? null : new Date(this.#deadline).toISOString(),
      warning: this.#warning,
      requireApproval: settings.requireApproval,
      approvedBy: this.#approvedBy,
      lastReady: this.#answer,
    };
  }

  /** Why it was given up, where it was: a cancellation is an end that somebody wanted. */
  get cancelled(): string | undefined {
    return this.#cancelled;
  }

  enter(stage: StagingStage): void {
    this.#stage = stage;
    if (stage === 'promoting' || stage === 'closed') this.#deadline = undefined;
    this.options.onChange(this.view);
  }

  /** Opens staging, and waits until it is declared ready. Nobody's word for too long cancels it. */
  async untilReady(): Promise<ReadyRequest> {
    this.#hear();
    this.enter('open');
    await this.#wait(() => this.#ready !== undefined);
    const request = this.#ready ?? {};
    this.#ready = undefined;
    this.enter('validating');
    return request;
  }

  tell(answer: ReadyAnswer): void {
    this.#answer = answer;
    this.#answered += 1;
    this.options.onChange(this.view);
  }

  /** The promote was refused: an approval was of something else than what there is now. */
  refuse(why: string): void {
    this.#approvedBy = null;
    this.#answer = { accepted: false, failed: [why], verdict: this.#answer?.verdict ?? null, awaitsApproval: false };
    this.options.onChange(this.view);
  }

  async untilApproved(): Promise<string | null> {
    this.#hear();
    this.enter('waiting for approval');
    await this.#wait(() => this.#approvedBy !== null);
    return this.#approvedBy;
  }

  /** Answers what nobody will answer any more, so that no update is left waiting at the end. */
  close(reason: string): void {
    this.enter('closed');
    this.tell({ accepted: false, failed: [reason], verdict: null, awaitsApproval: false });
  }

  async #wait(until: () => boolean): Promise<void> {
    for (;;) {
      const heard = this.#heard;
      const next = Math.min(...[this.#warnAt, this.#deadline ?? Infinity].filter((at) => at > Date.now()));
      const woken = () => until() || this.#heard !== heard;
      if (Number.isFinite(next)) await condition(woken, next - Date.now());
      if (until()) return;
      if (this.#heard !== heard) continue;
      if (Date.now() >= (this.#deadline ?? Infinity)) this.#forgotten();
      else if (Date.now() >= this.#warnAt) this.#warn();
    }
  }

  #warn(): void {
    this.#warning = `nobody has said anything for long: it cancels itself at ${this.view.deadline ?? ''}`;
    this.options.onForgotten(this.#warning);
    this.options.onChange(this.view);
  }

  #forgotten(): void {
    const minutes = this.options.settings.cancelAfterMinutes;
    this.#cancelled = `nobody has said anything for ${minutes} minutes`;
    this.abortable.stop({ reason: this.#cancelled });
    throw businessFailure('ROLLED_BACK', { found: this.#cancelled });
  }

  #hear(minutes = this.options.settings.cancelAfterMinutes): void {
    const now = Date.now();
    this.#deadline = now + minutes * MINUTE_MS;
    this.#warnAt = now + Math.min(minutes, this.options.settings.warnAfterMinutes) * MINUTE_MS;
    this.#warning = null;
    this.#heard += 1;
  }

  #setReady(request: ReadyRequest): void {
    this.#ready ??= request;
  }

  async #answerReady(request: ReadyRequest): Promise<ReadyAnswer> {
    const before = this.#answered;
    this.#setReady(request);
    await condition(() => this.#answered > before);
    return this.#answer ?? { accepted: false, failed: [], verdict: null, awaitsApproval: false };
  }

  #approve({ by }: ApproveRequest): void {
    this.#approvedBy ??= by ?? 'somebody';
  }

  #cancel({ reason, by }: CancelRequest): string {
    if (this.abortable.tooLate || this.#stage === 'promoting') return '';
    this.#cancelled ??= `cancelled${by ? ` by ${by}` : ''}${reason ? `: ${reason}` : ''}`;
    this.abortable.stop({ reason, by });
    return this.#cancelled;
  }

  #extend({ minutes }: ExtendRequest): void {
    if (this.#deadline === undefined) return;
    const sound = typeof minutes === 'number' && minutes > 0 && minutes <= LONGEST_MINUTES;
    this.#hear(sound ? minutes : undefined);
    this.options.onChange(this.view);
  }

  #demand(stage: StagingStage, by?: string): void {
    if (this.#stage === stage && this.#ready === undefined) return;
    throw businessFailure('NOT_STAGING', {
      found: `${by ? `asked for by ${by}: ` : ''}the staging is ${this.#ready === undefined ? this.#stage : 'about to be validated'}`,
      expected: `one that is ${stage}`,
      next: 'look at it with `hfv status`',
    });
  }

  #demandCancellable(by?: string): void {
    if (!this.abortable.tooLate && this.#stage !== 'promoting') return;
    throw businessFailure('STATUS_MOVE_REFUSED', {
      found: `the cancellation${by ? ` by ${by}` : ''} comes too late: the staging is ${this.#stage}`,
      expected: 'a cancellation before the promote',
      next: 'watch its end with `hfv watch`; an earlier version is brought back with `hfv restore`',
    });
  }

  #demandExtendable({ minutes }: ExtendRequest): void {
    if (minutes !== undefined && !(minutes > 0 && minutes <= LONGEST_MINUTES)) {
      throw businessFailure('CONFIG_INVALID', {
        found: `minutes is ${minutes}`,
        expected: 'a positive number of minutes, at most a year',
      });
    }
    if (this.#deadline === undefined) this.#demand('open');
  }
}
