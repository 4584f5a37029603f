import type { RunReport } from '../report';
import { count, duration, STORE_TITLES } from '../words';
import { code, facts, maybe, plain, section, table } from './text';

/** Where the artifacts are, and what they must hash to. */
export function artifactsSection({ artifacts, manifestPath, latestCopyPath, outcome }: RunReport): string {
  const rows = artifacts.map(({ store, path, bytes, sha256 }) => [
    STORE_TITLES[store],
    code(path),
    count(bytes),
    code(sha256),
  ]);
  const gone = outcome !== 'committed' && rows.length > 0;
  return section('Artifacts', [
    gone ? 'These were taken; a rollback removes them again.' : null,
    rows.length > 0 ? table(['Store', 'File', 'Bytes', 'SHA-256'], rows) : null,
    facts([
      ['Manifest', maybe(manifestPath, code)],
      ['Latest-copy', maybe(latestCopyPath, code)],
    ]),
  ]);
}

/** Whether the three artifacts are one moment of the knowledge base. */
export function consistencySection({ consistency }: Pick<RunReport, 'consistency'>): string {
  if (consistency === null) return section('Consistency of the artifacts', []);
  const { verdict, text, skewMs, from, to, fence, stores } = consistency;
  const rows = stores.map(({ store, capturedFrom, capturedTo, marks, contentUnchanged, countsUnchanged }) => [
    STORE_TITLES[store],
    capturedFrom,
    capturedTo,
    marks,
    contentUnchanged === null ? 'not compared' : contentUnchanged ? 'yes' : '**NO**',
    countsUnchanged ? 'yes' : '**NO**',
  ]);
  return section('Consistency of the artifacts', [
    `**${verdict}**: ${plain(text)}`,
    facts([
      ['Captured', `${from} to ${to}`],
      ['Largest difference in age', duration(skewMs)],
      [
        'Write fence',
        fence
          ? `${plain(fence.owner)}, ${fence.from} to ${fence.to}; ${plain(fence.note)}`
          : 'none stood during the capture',
      ],
    ]),
    table(['Store', 'From', 'To', 'Write marks', 'Content unchanged', 'Counts unchanged'], rows),
  ]);
}
