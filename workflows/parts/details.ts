import type { ProgressView, StepRecord } from '../../domain/baseline';
import type { StagingView } from '../../domain/staging';

const MARK = { running: '…', done: '✓', failed: '✗' } as const;
const UNDO_MARK = { undone: '↺', kept: '=', failed: '✗', skipped: '–' } as const;

/** The progress as Markdown, for the current details that the Temporal UI shows. */
export function renderDetails(view: ProgressView): string {
  const { versionId, state, phase, labels, pause, reason, staging } = view;
  const lines = [`**${versionId ?? 'looking at the base'}** — ${state}, phase *${phase}*`];
  if (reason) lines.push('', `Reason: ${reason}`);
  if (staging) lines.push('', stagingLine(staging));
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
      ({ name, state: s, error, note }) => `- ${UNDO_MARK[s]} undo: ${name}${told(error ?? note)}`,
    ),
  );
  return lines.join('\n');
}

function told(text: string | undefined): string {
  return text ? ` — ${text}` : '';
}

/** What a staging waits for, and what to say to it. */
function stagingLine({ stage, from, deadline, warning, lastReady }: StagingView): string {
  const waits = { open: 'waits for `stagingReady`', 'waiting for approval': 'waits for `approve`' }[stage as 'open'];
  const failed = lastReady && !lastReady.accepted ? `; last refused: ${lastReady.failed.join('; ')}` : '';
  const until = deadline ? `, cancels itself at ${deadline}` : '';
  return `**Staging** from ${from}: ${waits ?? stage}${until}${failed}${warning ? ` — **${warning}**` : ''}`;
}

function stepLine({ phase, name, state, startedAt, endedAt }: StepRecord): string {
  const took = endedAt ? ` (${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s)` : '';
  return `- ${MARK[state]} ${phase}: ${name}${took}`;
}
