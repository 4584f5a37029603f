import Table from 'cli-table3';
import type { Colors } from '../output';

/** A table without ornament: a head, aligned columns, nothing that a pipe would choke on. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], color: Colors): string {
  const blank = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
  const lines = { 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '' };
  const made = new Table({
    head: head.map((name) => color.bold(name)),
    chars: { ...blank, ...lines, 'right-mid': '', middle: '  ' },
    // The library's own colours do not ask who is looking.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
