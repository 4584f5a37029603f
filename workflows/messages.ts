import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PauseView, ProgressView } from '../domain/baseline';
import type { HealthView } from '../domain/health';
import type { ReadyAnswer, StagingView } from '../domain/staging';

/**
 * The typed contract of a running change: what may be said to it and asked of it. All payload fields are
 * optional, so that `temporal workflow signal --name pauseNeo4jWrites` works with no input at all.
 */

export interface PauseRequest {
  reason?: string;
  by?: string;
  /** The pause ends by itself after this many seconds. */
  forSeconds?: number;
}

export interface ResumeRequest {
  by?: string;
}

export interface AbortRequest {
  reason?: string;
  by?: string;
}

export const pauseNeo4jWrites = defineSignal<[PauseRequest?]>('pauseNeo4jWrites');
export const resumeNeo4jWrites = defineSignal<[ResumeRequest?]>('resumeNeo4jWrites');
export const abort = defineSignal<[AbortRequest?]>('abort');

/** As the signal `abort`, but refused where it would come too late; answers the reason that is written down. */
export const abortUpdate = defineUpdate<string, [AbortRequest?]>('abort');

/** As the signals, but validated, and answered with the state of the gate. */
export const pauseUpdate = defineUpdate<PauseView, [PauseRequest?]>('pause');
export const resumeUpdate = defineUpdate<PauseView, [ResumeRequest?]>('resume');

export interface ReadyRequest {
  by?: string;
}

export interface ApproveRequest {
  by?: string;
}

export interface CancelRequest {
  reason?: string;
  by?: string;
}

export interface ExtendRequest {
  /** Minutes from now on; as long as a staging may be left alone where none are given. */
  minutes?: number;
  by?: string;
}

/** Staging is complete: validate it. As an update, answered with what the validation found. */
export const stagingReady = defineSignal<[ReadyRequest?]>('stagingReady');
export const readyUpdate = defineUpdate<ReadyAnswer, [ReadyRequest?]>('stagingReady');

/** Promote what was validated, where a person's approval is waited for. */
export const approve = defineSignal<[ApproveRequest?]>('approve');
export const approveUpdate = defineUpdate<StagingView, [ApproveRequest?]>('approve');

/** Give the staged version up; nothing of it stays. */
export const cancel = defineSignal<[CancelRequest?]>('cancel');
export const cancelUpdate = defineUpdate<string, [CancelRequest?]>('cancel');

/** Keep a staging open for longer. */
export const extend = defineSignal<[ExtendRequest?]>('extend');
export const extendUpdate = defineUpdate<StagingView, [ExtendRequest?]>('extend');

export const progress = defineQuery<ProgressView>('progress');

/** Of a health check: what it waits for, and what it found. */
export const health = defineQuery<HealthView>('health');
