import { HybridFlowError } from './errors';

/** States of `version_registry.status`, and the only moves between them. */
export const STATUS_MOVES = {
  pending: ['staging', 'validating', 'cancelled'],
  staging: ['validating', 'rollback_triggered'],
  validating: ['committed', 'rollback_triggered'],
  committed: ['archived'],
  rollback_triggered: ['rolling_back'],
  rolling_back: ['rolled_back'],
  rolled_back: ['archived'],
  cancelled: [],
  archived: [],
} as const satisfies Record<string, readonly string[]>;

export type VersionStatus = keyof typeof STATUS_MOVES;

export const VERSION_STATUSES = Object.keys(STATUS_MOVES) as VersionStatus[];

/** States of a change that is still under way: the registry admits one such row at a time. */
export const ACTIVE_STATUSES = [
  'pending',
  'staging',
  'validating',
  'rollback_triggered',
  'rolling_back',
] as const satisfies readonly VersionStatus[];

export function isActive(status: VersionStatus): boolean {
  return (ACTIVE_STATUSES as readonly VersionStatus[]).includes(status);
}

/** How a row may enter the registry. */
const INITIAL_STATUSES: readonly VersionStatus[] = ['pending', 'staging'];

/** A baseline is already production, so it is never staged; once committed it stays so for good. */
const BASELINE_REFUSES: readonly [VersionStatus, VersionStatus][] = [
  ['pending', 'staging'],
  ['committed', 'archived'],
];

export function canMove(from: VersionStatus, to: VersionStatus, { baseline = false } = {}): boolean {
  if (!baseline && from === 'pending' && to === 'validating') return false;
  if (baseline && BASELINE_REFUSES.some(([a, b]) => a === from && b === to)) return false;
  return (STATUS_MOVES[from] as readonly string[]).includes(to);
}

/** Whether a version's row may begin in this state. A baseline is never staged, so it does not begin so either. */
export function canBegin(status: VersionStatus, { baseline = false } = {}): boolean {
  return INITIAL_STATUSES.includes(status) && !(baseline && status === 'staging');
}

/** @throws HybridFlowError BASELINE_IMMUTABLE, STATUS_MOVE_REFUSED; each names both states */
export function assertMove(versionId: string, from: VersionStatus, to: VersionStatus, baseline: boolean): void {
  if (canMove(from, to, { baseline })) return;
  if (baseline && from === 'committed') {
    throw new HybridFlowError('BASELINE_IMMUTABLE', {
      found: `${versionId} cannot go from ${from} to ${to}: a committed baseline is immutable`,
      expected: 'no further move: it is never rolled back, archived or deleted',
      next: `look at the version with \`hfv show ${versionId}\``,
    });
  }
  const open = STATUS_MOVES[from].filter((next) => canMove(from, next, { baseline }));
  throw new HybridFlowError('STATUS_MOVE_REFUSED', {
    found: `${versionId} cannot go from ${from} to ${to}`,
    expected: open.length > 0 ? `one of ${open.join(', ')}` : `no further move: ${from} is final`,
    next: `look at the version with \`hfv show ${versionId}\``,
  });
}
