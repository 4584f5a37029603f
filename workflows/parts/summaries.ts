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
  inspectPlan: 'what is there, who writes, and the hash of it',
  markStores: 'what was last written to each store',
  createVersioningTables: 'version_registry and operation_log',
  verifySchema: 'both tables fit',
  undoVersioningTables: 'as they were before',
  holdWriteFence: 'ask other writers to keep out',
  releaseWriteFence: 'let other writers in again',
  registerBaselineVersion: 'insert the v1_baseline entry',
  recordSnapshots: 'paths of the snapshots',
  logOperations: 'write operation_log',
  commitVersion: 'validating -> committed',
  markRollback: 'rollback_triggered -> rolling_back, log row opened',
  rollBackRow: 'rolling_back -> rolled_back, with the reason',
  tryOperations: "the plan's test row in operation_log",
  lookUpRollback: 'which version is to be rolled back?',
  awaitRunClosed: 'wait for the run to end',
  rollbackTold: 'what its own report tells',
  copiesBefore: 'copies of production from before',
  tagRelease: 'tag the repository',
  writePreMigrationReport: 'what stands before anything is changed',
  readServiceLogs: 'errors in the logs of the services',
  reportRollback: 'add the rollback to the report',
  writeRunReport: 'the report as JSON and Markdown',
  openFolder: 'folder for the artifacts',
  removeFolder: 'remove the artifacts of this run',
  snapshotMetadata: 'VACUUM INTO',
  snapshotQdrant: 'snapshot and download',
  listQdrantSnapshots: 'snapshots that are there',
  stillStands: 'is there still something to undo?',
  sweepQdrantSnapshots: 'remove snapshots of this run from the server',
  exportNeo4j: 'complete logical export',
  compareProduction: 'production against what was recorded, by content',
  linkFromLatestCopy: 'the bytes of latest-copy, not taken twice',
  describeCollection: 'collection settings for the manifest',
  sealManifest: 'verify checksums, write the manifest last',
  publishLatestCopy: 'replace latest-copy',
  settleLatestCopy: 'keep one latest-copy',
  runSevenChecks: 'the seven checks of the three stores',
  rehearse: 'restore into a side target and compare',
  removeRehearsal: 'remove what a rehearsal left',
  saveProduction: 'keep what is there before a restore',
  restoreProduction: 'put a store back as the copy has it',
  verifyCopy: 'bytes of a copy against its manifest',
  dropStagingTable: 'chapter_metadata_staging',
  dropStagingCollection: 'textbook_chunks_staging',
  removeStagingNodes: 'delete :staging nodes in batches',
  countChapters: 'chapters per textbook',
  countStores: 'points, paragraphs, labels',
  captureProbes: 'answers and latency of queries, before',
  compareProbes: 'the same queries after: same answers, as fast',
  inspectHealth: 'the six metrics, and errors in the logs',
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
