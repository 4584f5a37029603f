/** Small pieces of text that reports and screens are made of. */

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

/** `bailey 92, sabiston 74`: numbers by name, in the order of the names. */
export function byName(numbers: Record<string, number>): string {
  const names = Object.keys(numbers).sort();
  return names.length === 0 ? 'none' : names.map((name) => `${name} ${count(numbers[name] ?? 0)}`).join(', ');
}

/** How the stores are called in sentences. */
export const STORE_TITLES = { sqlite: 'SQLite', qdrant: 'Qdrant', neo4j: 'Neo4j' } as const;
