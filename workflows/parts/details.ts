import type { ProgressView, StepRecord } from '../../domain/baseline';

const MARK = { running: '…', done: '✓', failed: '✗' } as const;
const UNDO_MARK = { undone: '↺', kept: '=', failed: '✗', skipped: '–' } as const;

/** The progress as Markdown, for the current details that the Temporal UI shows. */
export function renderDetails(view: ProgressView): string {
  const { versionId, state, phase, labels, pause, reason } = view;
  const lines = [`**${versionId ?? 'looking at the base'}** — ${state}, phase *${phase}*`];
  if (reason) lines.push('', `Reason: ${reason}`);
  if (pause.state !== 'open') {
    const who = [
      pause.by && `by ${pause.by}`,
      pause.reason && `"${pause.reason}"`,
      pause.until && `until ${pause.until}`,
    ];
    lines.push('', `**Neo4j writes ${pause.state}** ${who.filter(Boolean).join(', ')}`.trimEnd());
  }
  if (labels) {
    const percent = labels.total === 0 ? 100 : Math.floor((100 * labels.done) / labels.total);
    const eta =
      labels.etaSeconds === null || labels.done >= labels.total
        ? ''
        : `, about ${Math.ceil(labels.etaSeconds)} s to go`;
    lines.push(
      '',
      `Labels: ${labels.done} of ${labels.total} (${percent} %), batch ${labels.batch}/${labels.batches}, ${Math.round(labels.rate)}/s${eta}`,
    );
  }
  lines.push('', ...view.steps.map(stepLine));
  lines.push(
    ...view.compensations.map(
      ({ name, state: s, error }) => `- ${UNDO_MARK[s]} undo: ${name}${error ? ` — ${error}` : ''}`,
    ),
  );
  return lines.join('\n');
}

function stepLine({ phase, name, state, startedAt, endedAt }: StepRecord): string {
  const took = endedAt ? ` (${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s)` : '';
  return `- ${MARK[state]} ${phase}: ${name}${took}`;
}
