import type { RunReport } from '../report';
import type { RollbackRecord } from '../rollback';
import type { TriggerFound } from '../triggers';
import { duration, STORE_TITLES } from '../words';
import { checksTable, comparisonsTable } from './proof';
import { block, bullets, code, facts, maybe, plain, section, table } from './text';

/** Which trigger fired, what was done about it, and the proof that production is as it was. */
export function rollbackSection(report: RunReport): string {
  const { trigger, rollback, compensations, outcome } = report;
  if (outcome === 'committed') return section('Rollback', [], 'Nothing was rolled back.');
  const undone = compensations.map(({ name, state, error, note }) => [plain(name), state, plain(error ?? note ?? '')]);
  return section(
    'Rollback',
    [
      maybe(trigger, triggerFacts),
      undone.length > 0 ? table(['Undo of', 'State', 'Error, or what stays'], undone) : null,
      ...(rollback ? recordParts(rollback) : []),
    ],
    'There was nothing to undo.',
  );
}

function triggerFacts({ trigger, name, severity, action, evidence }: TriggerFound): string {
  return facts([
    ['Trigger', `${trigger}, ${name}`],
    ['Severity', severity],
    ['Evidence', plain(evidence)],
    ['What the plan does about it', action],
  ]);
}

function recordParts({
  steps,
  restored,
  savedTo,
  proof,
  checks,
  proven,
  left,
  next,
}: RollbackRecord): (string | null)[] {
  const rows = steps.map(({ number, name, state, detail, startedAt, endedAt }) => [
    String(number),
    name,
    state === 'failed' ? '**FAILED**' : state,
    plain(detail),
    duration(Date.parse(endedAt) - Date.parse(startedAt)),
  ]);
  return [
    table(['#', 'Step', 'State', 'What was found and done', 'Took'], rows),
    facts([
      [
        'Restored',
        restored.length > 0
          ? restored.map((store) => STORE_TITLES[store]).join(', ')
          : 'nothing; nothing was contaminated',
      ],
      ['What was there before it', maybe(savedTo, code)],
      ['Production is proven to be as it was', proven ? 'yes' : '**NO**'],
    ]),
    proof.length > 0 ? comparisonsTable(proof) : null,
    checks.length > 0 ? checksTable(checks) : null,
    left.length > 0 ? `Still there:\n\n${bullets(left.map(plain))}` : null,
    next === null ? null : `To continue:\n\n${block(next)}`,
  ];
}
