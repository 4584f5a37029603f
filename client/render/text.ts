/** Small pieces of text that every report is made of. */

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `120 ms`, `3.4 s`, `2 min 05 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

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
