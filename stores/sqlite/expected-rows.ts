import { HybridFlowError } from '../../domain/errors';
import { summaryOf } from '../fingerprint-text';
import type { ExpectedRows } from '../ports';
import { fingerprintOf } from './fingerprint';
import type { Db } from './open';
import { STAGING } from './staging-table';
import { assertShape } from './staging-unfit';

/**
 * In the transaction that is to replace rows, before it does: nobody writes between this look and the commit.
 *
 * @throws HybridFlowError CHECK_FAILED naming what is not as it was; NOT_STAGING, STAGING_UNFIT where staging is asked for
 */
export function assertExpected(db: Db, path: string, { production, staging }: ExpectedRows): void {
  const differing: { what: keyof ExpectedRows; expected: string; actual: string }[] = [];
  const compare = (what: keyof ExpectedRows, expected: string, table?: string) => {
    const actual = summaryOf(fingerprintOf(db, table)).sha256;
    if (actual !== expected) differing.push({ what, expected, actual });
  };
  if (production !== undefined) compare('production', production);
  if (staging !== undefined) {
    assertShape(db, path);
    compare('staging', staging, STAGING);
  }
  if (differing.length === 0) return;
  throw new HybridFlowError('CHECK_FAILED', {
    found: `In ${path} somebody has written to ${differing.map(({ what }) => what).join(' and to ')} meanwhile`,
    expected: 'the fingerprints that the commit was decided upon',
    next: 'stop the other writer (`hfv plan` shows who is at work), then start again; nothing was written to SQLite',
    details: { differing },
  });
}
