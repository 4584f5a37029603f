import type { Phase } from './baseline';

/** The plan's six rollback triggers. */
export const TRIGGERS = {
  1: {
    name: 'Table creation failure',
    severity: 'critical',
    action: 'undo the schema change, restore metadata.db where it was touched, abort',
  },
  2: {
    name: 'Baseline registration failure',
    severity: 'critical',
    action:
      'full rollback: without a row the schema change is undone; once there is one it is kept as rolled_back, with its tables, as evidence',
  },
  3: { name: 'Validation check failure', severity: 'critical', action: 'full rollback' },
  4: {
    name: 'Neo4j label addition failure',
    severity: 'high',
    action: 'remove the partial labels, retry with smaller batches, abort when it persists',
  },
  5: {
    name: 'Post-migration query failure',
    severity: 'critical',
    action: 'compare the probes, full rollback where queries are broken',
  },
  6: { name: 'Inconsistent counts across systems', severity: 'critical', action: 'full rollback' },
} as const;

export type TriggerNumber = keyof typeof TRIGGERS;
export type TriggerSeverity = (typeof TRIGGERS)[TriggerNumber]['severity'];

/** A trigger that fired: which, how bad, on what evidence. */
export interface TriggerFound {
  trigger: TriggerNumber;
  name: string;
  severity: TriggerSeverity;
  action: string;
  evidence: string;
}

export function triggerFound(trigger: TriggerNumber, evidence: string): TriggerFound {
  return { trigger, ...TRIGGERS[trigger], evidence };
}

/**
 * A failure in these phases is the trigger that the plan gives them; in the others a failure is none of the six. The
 * plan takes the snapshots as part of the registration: that they are taken earlier here, as latest-copy, makes one that
 * cannot be taken no other failure.
 */
const BY_PHASE: Partial<Record<Phase, TriggerNumber>> = {
  'latest-copy': 2,
  'schema migration': 1,
  'baseline registration': 2,
  'label addition': 4,
  validation: 3,
};

/**
 * Which trigger a failure is. What judged the failure itself (a check, a probe, a count) says so in `stated`; else
 * the phase decides. Null: an abort, a cancellation, or a failure before anything was modified.
 */
export function classifyTrigger(phase: Phase, evidence: string, stated?: TriggerNumber | null): TriggerFound | null {
  const trigger = stated === undefined ? BY_PHASE[phase] : stated;
  return trigger == null ? null : triggerFound(trigger, evidence);
}

/** The status message that the plan shows: `Trigger 3: Validation check failure - chunk count mismatch`. */
export function statusMessage(found: TriggerFound | null, reason: string): string {
  return found ? `Trigger ${found.trigger}: ${found.name} - ${reason}` : reason;
}
