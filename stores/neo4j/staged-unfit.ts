import type { Offenders } from '../../domain/checks';
import { HybridFlowError } from '../../domain/errors';

/** What stands in the way of a promote: all of it counted, the first few told. */
export function stagingUnfit({ total, samples }: Offenders): HybridFlowError {
  const more = total > 1 ? ` (and ${total - 1} more)` : '';
  return new HybridFlowError('STAGING_UNFIT', {
    found: `what is staged in Neo4j cannot be promoted: ${samples[0] ?? 'it is not whole'}${more}`,
    expected: 'chapters written whole as the ingestion contract says',
    next: 'correct the staged nodes and have them validated again, or cancel the version',
    details: { total, samples: [...samples] },
  });
}
