import type { FileActivities, StoreActivities } from '../../activities';

/** One line per activity, shown beside its name in the Temporal UI. */
export const SUMMARIES: Record<keyof FileActivities | keyof StoreActivities, string> = {
  lookUpBaseline: 'is the base registered already?',
  claimBase: 'one change at a time',
  finishCommitted: 'clear what a committed run left',
  amendClaim: 'note how things were before',
  releaseClaim: 'let the next change begin',
  inspectFiles: 'chapters, tables, free disk',
  inspectStores: 'exact counts of Qdrant and Neo4j',
  createVersioningTables: 'version_registry and operation_log',
  verifySchema: 'both tables fit',
  undoVersioningTables: 'as they were before',
  registerBaselineVersion: 'insert the v1_baseline entry',
  recordSnapshots: 'paths of the snapshots',
  logOperations: 'write operation_log',
  commitVersion: 'validating -> committed',
  markRollback: 'validating -> rollback_triggered',
  rollBackRow: 'rolling_back -> rolled_back, with the reason',
  openFolder: 'folder for the artifacts',
  removeFolder: 'remove the artifacts of this run',
  snapshotMetadata: 'VACUUM INTO',
  snapshotQdrant: 'snapshot and download',
  sweepQdrantSnapshots: 'remove snapshots of this run from the server',
  exportNeo4j: 'complete logical export',
  linkFromLatestCopy: 'the bytes of latest-copy, not taken twice',
  describeCollection: 'collection settings for the manifest',
  sealManifest: 'verify checksums, write the manifest last',
  publishLatestCopy: 'replace latest-copy',
  settleLatestCopy: 'keep one latest-copy',
  countChapters: 'chapters per textbook',
  countStores: 'points, paragraphs, labels',
  acquireFence: 'set the fencing token',
  setWriteGate: 'pause or resume writes',
  labelSpan: 'label paragraphs',
  revokeFence: 'no batch of this run may follow',
  removeVersionLabel: 'remove the label in batches',
};

type Executable = ((...args: unknown[]) => Promise<unknown>) & {
  executeWithOptions(options: object, args: unknown[]): Promise<unknown>;
};

/** The same proxies, each call carrying its summary; a call with options of its own keeps them. */
export function withSummaries<T extends object>(proxies: T): T {
  return new Proxy(proxies, {
    get(target, name) {
      const activity = Reflect.get(target, name) as Executable;
      const summary = SUMMARIES[name as keyof typeof SUMMARIES];
      const call = (...args: unknown[]) => activity.executeWithOptions({ summary }, args);
      return Object.assign(call, {
        executeWithOptions: (options: object, args: unknown[]) =>
          activity.executeWithOptions({ summary, ...options }, args),
      });
    },
  });
}
