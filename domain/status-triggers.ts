import type { ErrorCode } from './errors';
import { ACTIVE_STATUSES, canBegin, canMove, VERSION_STATUSES, type VersionStatus } from './status';
import { guard, quotedList, refuse } from './table-definition';
import { BASELINE_LABEL } from './version-id';

const TABLE = 'version_registry';

/**
 * The status machine as triggers of version_registry, made from the table of moves, so that whoever writes past this
 * system (a shell, a script) is held to the same moves. A refusal begins with one of the codes of errors.ts.
 *
 * Only what every SQLite reads may stand here: a trigger that an older one cannot parse makes the whole file
 * unreadable to it. So messages are literals, one per state.
 */
export function statusTriggers(): string[] {
  return [
    guard(TABLE, 'begins', 'INSERT', undefined, [
      // INSERT OR REPLACE removes the row in its way without asking a DELETE trigger.
      refuse(
        'VERSION_IN_USE: the registry has a row of this id or version_id already',
        'EXISTS (SELECT 1 FROM version_registry WHERE version_id = NEW.version_id OR id = NEW.id)',
      ),
      refuse(
        'BASE_BUSY: another version is under way',
        `EXISTS (SELECT 1 FROM version_registry WHERE status IN (${quotedList(ACTIVE_STATUSES)}))`,
      ),
      ...[true, false].map(refuseBeginnings),
    ]),
    guard(TABLE, 'keeps_ids', 'UPDATE', 'NEW.id IS NOT OLD.id OR NEW.version_id IS NOT OLD.version_id', [
      refuse('STATUS_MOVE_REFUSED: a version keeps its id and its version_id'),
    ]),
    guard(TABLE, 'moves', 'UPDATE', 'NEW.status IS NOT OLD.status', [
      refuse(IMMUTABLE, isCommittedBaseline('OLD')),
      ...[true, false].flatMap((baseline) => VERSION_STATUSES.map((from) => refuseMoves(from, baseline))),
    ]),
    guard(TABLE, 'keeps_baseline', 'DELETE', isCommittedBaseline('OLD'), [refuse(IMMUTABLE)]),
  ];
}

type Refusal = `${ErrorCode}: ${string}`;

const IMMUTABLE: Refusal =
  'BASELINE_IMMUTABLE: a committed baseline is immutable: it is never rolled back, archived or deleted';

function refuseBeginnings(baseline: boolean): string {
  const open = VERSION_STATUSES.filter((status) => canBegin(status, { baseline }));
  const kind = baseline ? 'baseline' : 'version';
  return refuse(
    `STATUS_MOVE_REFUSED: a ${kind} begins as ${open.join(' or ')}`,
    `${isBaseline('NEW', baseline)} AND NEW.status NOT IN (${quotedList(open)})`,
  );
}

function refuseMoves(from: VersionStatus, baseline: boolean): string {
  const open = VERSION_STATUSES.filter((to) => canMove(from, to, { baseline }));
  const kind = baseline ? 'baseline' : 'version';
  const allowed = open.length > 0 ? `can only become ${open.join(' or ')}` : `stays ${from}`;
  return refuse(
    `STATUS_MOVE_REFUSED: a ${kind} that is ${from} ${allowed}`,
    `${isBaseline('OLD', baseline)} AND OLD.status = '${from}' AND NEW.status NOT IN (${quotedList(open)})`,
  );
}

function isCommittedBaseline(row: 'OLD' | 'NEW'): string {
  return `${isBaseline(row, true)} AND ${row}.status = 'committed'`;
}

function isBaseline(row: 'OLD' | 'NEW', baseline: boolean): string {
  return `${row}.version_id ${baseline ? '' : 'NOT '}GLOB '${BASELINE_LABEL}_*'`;
}
