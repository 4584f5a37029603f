import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PauseView, ProgressView } from '../domain/baseline';
import type { HealthView } from '../domain/health';

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

export const progress = defineQuery<ProgressView>('progress');

/** Of a health check: what it waits for, and what it found. */
export const health = defineQuery<HealthView>('health');
