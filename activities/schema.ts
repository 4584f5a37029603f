import { HybridFlowError } from '../domain/errors';
import type { TableBefore } from '../domain/registry';
import { writeLease } from './context';
import type { ActivityDeps } from './deps';

/** The versioning tables of metadata.db. */
export function createSchemaActivities({ metadata }: ActivityDeps) {
  return {
    async createVersioningTables(): Promise<{ created: string[]; replaced: string[] }> {
      return metadata.createTables(writeLease());
    },

    /** Criterion 2 of the plan: both tables have the right shape. SCHEMA_CONFLICT where one does not. */
    async verifySchema(): Promise<{ table: string; state: 'fits'; rows: number }[]> {
      return metadata.inspectTables().map(({ name, state, rows, differences }) => {
        if (state === 'fits') return { table: name, state, rows };
        throw new HybridFlowError('SCHEMA_CONFLICT', {
          found: `${name} is ${state} right after its creation: ${differences.join('; ')}`,
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
