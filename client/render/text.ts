/** Small pieces of text that every report is made of. */

export { count, duration, plural } from '../../domain/words';

/** Lines of `name  value`, the values in one column; values of several lines stay in it. Empty values are left out. */
export function fields(rows: readonly (readonly [string, string | null | undefined])[], indent = '  '): string[] {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] != null && row[1] !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.flatMap(([name, value]) =>
    value.split('\n').map((line, i) => `${indent}${(i === 0 ? name : '').padEnd(width)}  ${line}`.trimEnd()),
  );
}

/** The beginning of a hash: enough to recognise it. */
export function shortHash(sha256: string): string {
  return sha256.slice(0, 12);
}
