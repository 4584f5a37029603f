/** The pieces of Markdown that reports are made of. What comes from outside is escaped here, and nowhere else. */

/** Text as it is meant, on one line: nothing in it is taken for Markdown or HTML. */
export function plain(text: string): string {
  return oneLine(text).replaceAll(/[\\`*<[]/g, '\\$&');
}

/** A path, a hash, a command: shown as it is typed. */
export function code(text: string): string {
  return `\`${oneLine(text).replaceAll('`', "'")}\``;
}

/** A command that is to be copied, exactly as it is. */
export function block(command: string): string {
  return ['```sh', command, '```'].join('\n');
}

/** Cells are Markdown already, made with {@link plain} or {@link code}; a bar, even in code, would end a cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const lines = [head, head.map(() => '---'), ...escaped].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

/** Parts of a section that are empty are left out; a section without any says why it has none. */
export function section(title: string, parts: readonly (string | null)[], otherwise = 'Not reached.'): string {
  const shown = parts.filter((part): part is string => part !== null && part !== '');
  return [`## ${title}`, ...(shown.length > 0 ? shown : [otherwise])].join('\n\n');
}

export function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** `- **name**: value`; without a value there is no line. */
export function facts(rows: readonly (readonly [string, string | null])[]): string {
  return bullets(rows.flatMap(([name, value]) => (value === null || value === '' ? [] : [`**${name}**: ${value}`])));
}

export function maybe<T>(value: T | null | undefined, show: (value: T) => string): string | null {
  return value == null ? null : show(value);
}

export function passedMark(passed: boolean, severity: 'critical' | 'warning' = 'critical'): string {
  return passed ? 'yes' : severity === 'warning' ? '**no** (warning)' : '**NO**';
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ').trim();
}
