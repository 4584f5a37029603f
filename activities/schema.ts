import { HybridFlowError } from '../domain/errors';
import type { TableBefore } from '../domain/registry';
import type { TablesCreated } from '../stores/ports';
import { writeLease } from './context';
import type { ActivityDeps } from './deps';

/** The versioning tables of metadata.db. */
export function createSchemaActivities({ metadata }: ActivityDeps) {
  return {
    async createVersioningTables(): Promise<TablesCreated> {
      return metadata.createTables(writeLease());
    },

    /** Criterion 2 of the plan: all tables have the right shape, with their guards. SCHEMA_CONFLICT where one has not. */
    async verifySchema(): Promise<{ table: string; state: 'fits'; rows: number }[]> {
      return metadata.inspectTables().map(({ name, state, rows, differences, missing = [] }) => {
        if (state === 'fits' && missing.length === 0) return { table: name, state, rows };
        const lacks = [...differences, ...missing.map((guard) => `${guard}: missing`)];
        throw new HybridFlowError('SCHEMA_CONFLICT', {
          found: `${name} is ${state} right after its creation: ${lacks.join('; ')}`,
          expected: 'the shape in docs/concepts.md',
          next: 'find out what else changes metadata.db, then run the migration again',
        });
      });
    },

    async undoVersioningTables(before: TableBefore[]): Promise<'undone' | 'kept'> {
      return metadata.undoTables(before);
    },
  };
}
