import { comparisonText } from '../fingerprint';
import type { RunReport } from '../report';
import { count, duration, STORE_TITLES } from '../words';
import { code, maybe, passedMark, plain, section, table } from './text';

/** The same questions before and after: answers and times. */
export function probesSection({ probes, probesBefore }: RunReport): string {
  const rows = probes.map(({ name, verdict, identical, results, medianBeforeMs, medianAfterMs, samples, ...told }) => [
    plain(name),
    verdict === 'ok' ? 'ok' : `**${verdict}**`,
    passedMark(identical),
    count(results),
    milliseconds(medianBeforeMs),
    milliseconds(medianAfterMs),
    count(samples),
    plain(told.why ?? told.notJudged ?? ''),
  ]);
  const head = ['Probe', 'Verdict', 'Same answer', 'Results', 'Median before', 'Median after', 'Samples', 'Why'];
  return section('Probes', [
    maybe(
      probesBefore,
      ({ probes: asked, embedder, takenAt, path }) =>
        `${count(asked)} asked before anything was changed, at ${takenAt} (embedder ${plain(embedder)}); kept in ${code(path)}.`,
    ),
    rows.length > 0 ? table(head, rows) : null,
  ]);
}

/** The proof that the version can be rolled back to. */
export function rehearsalSection({ rehearsal }: RunReport): string {
  const rows = rehearsal.map(({ store, form, passed, milliseconds: took, comparison, evidence }) => [
    STORE_TITLES[store],
    form,
    passedMark(passed),
    duration(took),
    plain(comparison ? comparisonText(comparison) : 'not compared'),
    plain(evidence),
  ]);
  const head = ['Store', 'Form', 'Passed', 'Took', 'Content', 'Evidence'];
  return section('Rehearsal of the rollback', [rows.length > 0 ? table(head, rows) : null]);
}

function milliseconds(value: number | null): string {
  return value === null ? '' : `${value.toFixed(1)} ms`;
}
