import type { TableBefore } from '../domain/registry';
import { writeLease } from './context';
import type { ActivityDeps } from './deps';

/** The versioning tables of metadata.db. */
export function createSchemaActivities({ metadata }: ActivityDeps) {
  return {
    async createVersioningTables(): Promise<{ created: string[]; replaced: string[] }> {
      return metadata.createTables(writeLease());
    },

    /** Criterion 2 of the plan: both tables fit. Rows are counted so that "empty at first" can be recorded. */
    async verifySchema(): Promise<{ table: string; state: string; rows: number }[]> {
      return metadata.inspectTables().map(({ name, state, rows }) => ({ table: name, state, rows }));
    },

    async undoVersioningTables(before: TableBefore[]): Promise<'undone' | 'kept'> {
      return metadata.undoTables(before);
    },
  };
}
