import prettyBytes from 'pretty-bytes';
import type { LastDone } from '../../domain/version-stats';
import type { Colors } from '../output';
import type { VersionView } from '../version-views';
import { table } from './tables';
import { count } from './text';

const HEAD = [
  '',
  'version',
  'status',
  'created',
  'committed',
  'by',
  'chapters',
  'paragraphs',
  'size',
  'pinned',
  'verified',
  'drill',
];

/** The versions as a table; the one that production is is marked. */
export function renderVersions(base: string, versions: readonly VersionView[], color: Colors): string {
  if (versions.length === 0) return `${base} has no versions yet; register the first with \`hfv migrate\``;
  const rows = versions.map((version) => [
    version.current ? color.green('*') : '',
    version.versionId,
    version.status === 'committed' ? color.green(version.status) : version.status,
    `${version.createdAt} UTC`,
    version.committedAt === null ? '' : `${version.committedAt} UTC`,
    version.committedBy ?? '',
    counted(version.chapterCount, version),
    counted(version.paragraphCount, version),
    version.bytes === null ? '' : prettyBytes(version.bytes),
    version.pin ? version.pin.reason : '',
    doneText(version.lastVerified, color),
    doneText(version.lastDrill, color),
  ]);
  return table(HEAD, rows, color);
}

/** What was never validated has not been counted: a 0 would say that it is empty. */
function counted(found: number | null, { validationPassed }: VersionView): string {
  return found === null || (found === 0 && validationPassed === null) ? '' : count(found);
}

/** When it was last done, marked where it did not end well; `never` is worth seeing. */
export function doneText(done: LastDone | null, color: Colors): string {
  if (!done) return 'never';
  return done.passed ? `${done.at} UTC` : color.red(`FAILED ${done.at} UTC`);
}
