import type { TakenArtifact } from '../../activities';
import { judgeArtifacts } from '../../domain/checks';
import { stateConsistency, type ConsistencyStatement, type FenceCoverage, type Marks } from '../../domain/consistency';
import type { FingerprintComparison } from '../../domain/fingerprint';
import type { Inventory } from '../../domain/inventory';
import type { StoreName } from '../../domain/names';
import type { BaselineRun } from './baseline-run';
import { triggerFailure } from './failures';

interface Capture {
  taken: readonly TakenArtifact[];
  marks: { before: Marks; after: Marks };
}

/**
 * What is known of the moment that the three artifacts show; `compared` adds what a later comparison found. What was
 * captured is counted against `counted`, the inventory from before it.
 */
export function stateOfCapture(
  { versionId, claim }: BaselineRun,
  { taken, marks }: Capture,
  counted: Inventory,
  compared: readonly FingerprintComparison[] = [],
): ConsistencyStatement {
  const windows = taken.map(({ artifact }) => {
    const { store, capturedFrom, capturedTo } = artifact;
    const later = compared.find((one) => one.store === store);
    const countsUnchanged =
      judgeArtifacts(counted, [artifact]).every(({ passed }) => passed) &&
      later?.expected.items === later?.actual.items;
    return { store, capturedFrom, capturedTo, contentUnchanged: later?.same ?? null, countsUnchanged };
  });
  const fence = {
    owner: `the claim of ${versionId}`,
    from: claim.claimedAt,
    to: marks.after.sqlite.at,
    note: 'asks only those who look with `hfv fence check`; the row in metadata.db follows with the tables',
  };
  return stateConsistency({ marksBefore: marks.before, marksAfter: marks.after, windows, fence });
}

interface PromotedCapture extends Capture {
  /** Taken when the captures had ended. */
  inventory: Inventory;
  /** What was captured against what was validated; nothing of a store of which that is not known any more. */
  compared: readonly FingerprintComparison[];
  fence: FenceCoverage;
}

/** The same of a version that was promoted: what it is to hold was validated before, and is held against. */
export function stateOfPromoted({ taken, marks, inventory, compared, fence }: PromotedCapture): ConsistencyStatement {
  const counted: Record<StoreName, [name: string, now: number]> = {
    sqlite: ['chapters', inventory.sqlite.chapters],
    qdrant: ['points', inventory.qdrant.points],
    neo4j: ['paragraphs', inventory.neo4j.paragraphs],
  };
  const windows = taken.map(({ artifact: { store, capturedFrom, capturedTo, counts } }) => {
    const [name, now] = counted[store];
    const held = compared.find((one) => one.store === store);
    return {
      ...{ store, capturedFrom, capturedTo },
      contentUnchanged: null,
      countsUnchanged: (counts[name] ?? now) === now && held?.expected.items === held?.actual.items,
      ...(held && { asValidated: held.same }),
    };
  });
  return stateConsistency({ marksBefore: marks.before, marksAfter: marks.after, windows, fence });
}

/**
 * Where a mark moved, or a store has none, what production holds now is compared with what was captured.
 *
 * @throws CHECK_FAILED as trigger 6 where a store changed while it was captured
 */
export async function settleConsistency(
  run: BaselineRun,
  folder: string,
  capture: Capture,
  counted: Inventory,
): Promise<void> {
  const { record, steps } = run;
  const open = record.consistency?.stores.filter(({ marks }) => marks !== 'equal').map(({ store }) => store) ?? [];
  if (open.length > 0) {
    const compared = await Promise.all(open.map((store) => steps.longFiles.compareProduction(folder, store)));
    record.consistency = stateOfCapture(run, capture, counted, compared);
  }
  demandConsistent(record.consistency);
}

export function demandConsistent(statement: ConsistencyStatement | null): void {
  if (statement?.verdict !== 'inconsistent') return;
  throw triggerFailure(6, 'CHECK_FAILED', {
    found: `The three copies are not one moment of the knowledge base: ${statement.text}`,
    expected: 'no writes while the stores are captured',
    next: 'stop the other writer (`hfv plan` shows who is at work) and run the migration again',
    details: { consistency: statement },
  });
}
