import prettyBytes from 'pretty-bytes';
import type { Verification, VerifiedContent } from '../../inspection/verify';
import type { Colors } from '../output';
import { table } from './tables';
import { count, duration, shortHash } from './text';

/** What was checked and what was found, for people: the verdict, the files, the contents, then everything wrong. */
export function renderVerification(
  { version, folder, place, passed, stored = [], files, contents, problems }: Verification,
  color: Colors,
): string {
  const verdict = passed ? color.green('verified') : color.red('NOT as it was sealed');
  return [
    `${color.bold(version)} ${verdict}`,
    `  ${folder}`,
    ...(place === 'archive' ? ['  archived: checked as it lies there, then unpacked aside'] : []),
    ...(stored.length > 0 ? ['', filesTable('in the archive', stored, color)] : []),
    ...(files.length > 0 ? ['', filesTable(place === 'archive' ? 'unpacked' : 'file', files, color)] : []),
    ...(contents.length > 0 ? ['', contentsTable(contents, color)] : []),
    ...(problems.length > 0 ? ['', ...problems.map((problem) => `${color.red('wrong')} ${problem}`)] : []),
  ].join('\n');
}

function filesTable(title: string, files: Verification['files'], color: Colors): string {
  const rows = files.map(({ file, state, bytes, sha256 }) => [
    file,
    state === 'intact' ? state : color.red(state),
    bytes === null ? '' : prettyBytes(bytes),
    sha256 === null ? '' : shortHash(sha256),
  ]);
  return table([title, 'bytes', 'size', 'sha256'], rows, color);
}

function contentsTable(contents: readonly VerifiedContent[], color: Colors): string {
  const rows = contents.map(({ store, deep, state, found, comparison, milliseconds }) => [
    deep ? `${store}, with vectors` : store,
    state === 'differs' || state === 'damaged' || state === 'unchecked' ? color.red(state) : state,
    comparison ? `${count(comparison.actual.items)} items in ${count(comparison.actual.groups)} groups` : '',
    comparison ? shortHash(comparison.actual.sha256) : '',
    state === 'skipped' ? '' : duration(milliseconds),
    state === 'skipped' || state === 'not recorded' ? found : '',
  ]);
  return table(['store', 'content', 'covers', 'fingerprint', 'took', ''], rows, color);
}
