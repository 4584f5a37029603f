/** One column as `PRAGMA table_info` reports it, in the parts that matter for a comparison. */
export interface Column {
  name: string;
  type: string;
  notNull: boolean;
  primaryKey: boolean;
}

export interface TableDefinition {
  name: string;
  columns: readonly Column[];
  create: string;
  indexes: readonly string[];
  triggers: readonly string[];
  /** Whether its rows tell what happened: then an undo must not drop them. */
  isRecord: boolean;
}

export function column(name: string, type: string, flags: Partial<Column> = {}): Column {
  return { name, type, notNull: false, primaryKey: false, ...flags };
}

/** Differences between a table as found and as needed, one sentence per column; empty where it fits. */
export function compareColumns(needed: readonly Column[], found: readonly Column[]): string[] {
  const byName = new Map(found.map((c) => [c.name, c]));
  const differences: string[] = [];
  for (const want of needed) {
    const have = byName.get(want.name);
    if (!have) differences.push(`${want.name}: missing (${describe(want)} needed)`);
    else if (describe(have) !== describe(want)) {
      differences.push(`${want.name}: found ${describe(have)}, needed ${describe(want)}`);
    }
  }
  const names = new Set(needed.map((c) => c.name));
  for (const have of found) if (!names.has(have.name)) differences.push(`${have.name}: ${describe(have)} not known`);
  return differences;
}

function describe({ type, notNull, primaryKey }: Column): string {
  return [type.toUpperCase() || 'no type', primaryKey ? 'PRIMARY KEY' : '', notNull ? 'NOT NULL' : '']
    .filter(Boolean)
    .join(' ');
}
