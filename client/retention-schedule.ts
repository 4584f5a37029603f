import { retentionScheduleId } from '../domain/names';
import { RETENTION_SCHEDULE, type RetentionInput } from '../domain/retention';
import { putSchedule, readSchedule, removeSchedule, type ScheduleView } from './schedules';
import type { Session } from './temporal';

/** The workflow's registered name; the client never loads workflow code. */
export const APPLY_RETENTION = 'applyRetention';

/** Has the window of the base applied by schedule, or changes how often. */
export function scheduleRetention(session: Session, base: string, everySeconds: number): Promise<ScheduleView> {
  const input: RetentionInput & { base: string } = { base, startedBy: RETENTION_SCHEDULE };
  const summary = `Window of ${base}, by schedule`;
  return putSchedule(
    session,
    { scheduleId: retentionScheduleId(base), workflowType: APPLY_RETENTION, input, summary },
    everySeconds,
  );
}

export function unscheduleRetention(session: Session, base: string): Promise<boolean> {
  return removeSchedule(session, retentionScheduleId(base));
}

export function retentionSchedule(session: Session, base: string): Promise<ScheduleView | null> {
  return readSchedule(session, retentionScheduleId(base));
}
