import { HybridFlowError } from '../../domain/errors';
import type { MetadataHealth } from '../ports';
import { reading, type Source } from './open';

/** What SQLite itself says of the file. Damage that keeps the check from running is a problem found, not a failure. */
export function integrity(source: Source): ReturnType<MetadataHealth['integrity']> {
  try {
    return reading(source, (db) => {
      const messages = (db.pragma('integrity_check') as { integrity_check: string }[]).map(
        (row) => row.integrity_check,
      );
      return {
        problems: messages.join() === 'ok' ? [] : messages,
        foreignKeyViolations: (db.pragma('foreign_key_check') as unknown[]).length,
      };
    });
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.facts.details?.sqlite !== 'SQLITE_CORRUPT') throw error;
    return { problems: [error.facts.found], foreignKeyViolations: 0 };
  }
}
