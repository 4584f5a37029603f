import { comparisonText } from '../../domain/fingerprint';
import type { RollbackRecord } from '../../domain/rollback';
import type { Colors } from '../output';
import { duration, fields, plural } from './text';

const MARK = { done: '✓', 'not needed': '–', failed: '✗' } as const;

/** A rollback for people: its eight steps, the proof, and what is left. */
export function renderRollback(record: RollbackRecord, color: Colors): string {
  const { versionId, proven, reason, steps, proof, restored, savedTo, left, driven, next } = record;
  const done = driven ? 'Driven to its end' : 'Rolled back';
  const head = proven ? `${color.green(done)} ${color.bold(versionId)}` : `${color.red('Not proven')} ${versionId}`;
  return [
    head,
    ...fields([
      ['reason', reason],
      ['proof', proof.map((one) => `${one.store}: ${comparisonText(one)}`).join('\n')],
      driven ? ['switch', switchText(driven)] : ['restored', restoredText(restored)],
      ['saved to', savedTo],
    ]),
    '',
    ...steps.map(({ number, name, state, detail }) => {
      const mark =
        state === 'failed' ? color.red(MARK[state]) : state === 'done' ? color.green(MARK[state]) : MARK[state];
      return `  ${mark} ${number}. ${name}: ${detail}`;
    }),
    ...left.map((what) => `  ${color.red('left')} ${what}`),
    ...(next === null ? [] : ['', `Next: ${next}`]),
  ].join('\n');
}

function switchText({ disagreedAtMostMs }: NonNullable<RollbackRecord['driven']>): string | null {
  return disagreedAtMostMs === null ? null : `the stores disagreed for at most ${duration(disagreedAtMostMs)}`;
}

function restoredText(restored: RollbackRecord['restored']): string {
  return restored.length > 0 ? `${restored.join(', ')} (${plural(restored.length, 'store')})` : 'no store';
}
