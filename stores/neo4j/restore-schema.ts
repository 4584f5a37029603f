import neo4j from 'neo4j-driver';
import type { GraphConnection } from './driver';
import type { ExportLine } from './export-format';
import { quoted } from './import';

interface Rule {
  kind: 'CONSTRAINT' | 'INDEX';
  name: string;
  ddl: string;
}

interface LiveRule extends Rule {
  /** A constraint on nodes under which two of them may not share other values than `chunk_id` and `id`. */
  bindsOthers: boolean;
}

const KEYS = ['chunk_id', 'id'];
const BUILD_SECONDS = 600;
const SHOW_CONSTRAINTS = `SHOW CONSTRAINTS YIELD name, createStatement, type, entityType, properties
  RETURN name, createStatement AS ddl, properties, entityType = 'NODE' AND type =~ '.*(UNIQUE|KEY).*' AS unique`;
const SHOW_INDEXES = `SHOW INDEXES YIELD name, createStatement, type, owningConstraint
  WHERE type <> 'LOOKUP' AND owningConstraint IS NULL RETURN name, createStatement AS ddl`;

/**
 * Constraints, and the indexes that somebody made, held against those of an export: a rule is the statement that
 * makes it. What was made since the export is dropped, too: it may forbid what was allowed then.
 */
export class SchemaPlan {
  readonly #wanted: Rule[] = [];

  private constructor(private readonly live: LiveRule[]) {}

  static async read(connection: GraphConnection): Promise<SchemaPlan> {
    const constraints = (await connection.run(SHOW_CONSTRAINTS)).map((row): LiveRule => {
      const others = (row.get('properties') as string[]).some((property) => !KEYS.includes(property));
      const rule = { kind: 'CONSTRAINT', name: String(row.get('name')), ddl: String(row.get('ddl')) } as const;
      return { ...rule, bindsOthers: row.get('unique') === true && others };
    });
    const indexes = (await connection.run(SHOW_INDEXES)).map((row): LiveRule => {
      return { kind: 'INDEX', name: String(row.get('name')), ddl: String(row.get('ddl')), bindsOthers: false };
    });
    return new SchemaPlan([...constraints, ...indexes]);
  }

  see(line: ExportLine): void {
    if (line.t === 'c') this.#wanted.push({ kind: 'CONSTRAINT', name: line.name, ddl: line.ddl });
    if (line.t === 'x' && line.kind === 'own') this.#wanted.push({ kind: 'INDEX', name: line.name, ddl: line.ddl });
  }

  get extra(): Rule[] {
    return this.live.filter((rule) => !isIn(this.#wanted, rule));
  }

  get missing(): Rule[] {
    return this.#wanted.filter((rule) => !isIn(this.live, rule));
  }

  get isSame(): boolean {
    return this.extra.length + this.missing.length === 0;
  }

  /**
   * Whether nodes can be put right one after the other: two that have swapped the values of a unique property cannot.
   * `chunk_id` and `id` are no matter, since they stay.
   */
  get mayUpdate(): boolean {
    return !this.live.some((rule) => rule.bindsOthers && isIn(this.#wanted, rule));
  }
}

/** To be called before the data is changed. */
export async function dropExtra(connection: GraphConnection, { extra }: SchemaPlan): Promise<string[]> {
  for (const { kind, name } of extra) {
    await connection.run(`DROP ${kind} ${quoted(name)} IF EXISTS`, {}, { mode: 'write' });
  }
  return extra.map(({ name }) => name);
}

/** To be called once the data is right; indexes are online when it comes back. */
export async function createMissing(connection: GraphConnection, { missing }: SchemaPlan): Promise<string[]> {
  const timeoutMs = BUILD_SECONDS * 1_000;
  // Not repeated: the second time the rule would be there already, which is an error.
  for (const { ddl } of missing) await connection.run(ddl, {}, { mode: 'write', timeoutMs, repeat: false });
  if (missing.length > 0) {
    await connection.run('CALL db.awaitIndexes($seconds)', { seconds: neo4j.int(BUILD_SECONDS) }, { timeoutMs });
  }
  return missing.map(({ name }) => name);
}

function isIn(rules: readonly Rule[], { kind, ddl }: Rule): boolean {
  return rules.some((rule) => rule.kind === kind && rule.ddl === ddl);
}
