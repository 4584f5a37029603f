import type { FileActivities, StoreActivities } from '../../activities';
import type { StoreName } from '../../domain/names';
import { STORE_TITLES } from '../../domain/words';

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
  logPostMortem: 'the steps, the checks and the criteria in operation_log',
  tryOperations: "the plan's test row in operation_log",
  lookUpRollback: 'which version is to be rolled back?',
  awaitRunClosed: 'wait for the run to end',
  rollbackTold: 'what its own report tells',
  copiesBefore: 'copies of production from before',
  tagRelease: 'tag the repository',
  writePreMigrationReport: 'what stands before anything is changed',
  readServiceLogs: 'errors in the logs of the services',
  reportRollback: 'add the rollback to the report',
  writePublishReport: 'the report of a published version',
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
  drill: 'restore beside production, run the seven checks, take the time',
  recordDrill: 'keep what the drill found',
  saveProduction: 'keep what is there before a restore',
  restoreProduction: 'put a store back as the copy has it',
  lookUpRestore: 'which version is to be restored?',
  planRestore: 'verify the version, hold production against it',
  changedSincePlanned: 'was production written to since the plan?',
  rehearseRestore: 'restore aside, compare, seven checks',
  commitRestore: 'SQLite put back and the journal committed, as one',
  keepAsLatestCopy: 'the version becomes latest-copy',
  answerProbes: "the version's own probes",
  recordProbes: 'answers of the version that is committed, for a later restore',
  fingerprintProduction: 'what a store holds, by content',
  verifySaved: 'is what was saved before the restore still whole?',
  restoreSaved: 'put a store back as it was saved before the restore',
  logRestore: 'who restored what, and why',
  reportRestore: 'the report of the restore',
  verifyCopy: 'bytes of a copy against its manifest',
  dropStagingTable: 'chapter_metadata_staging',
  dropStagingCollection: 'textbook_chunks_staging',
  removeStagingNodes: 'delete :staging nodes in batches',
  countChapters: 'chapters per textbook',
  countStores: 'points, paragraphs, labels',
  captureProbes: 'answers and latency of queries, before',
  compareProbes: 'the same queries after: same answers, as fast',
  lookUpPublish: 'what the new version begins with',
  assertRoom: 'free disk for another version',
  driftOfProduction: 'production against latest-copy, by content',
  openVersion: 'insert the version as pending',
  moveVersion: 'one move of the status machine',
  recordValidation: 'counts and verdict of the version',
  recordSealed: 'where the artifacts of the version lie',
  isSealed: 'are the artifacts of the version complete?',
  prepareStagingTable: 'chapter_metadata_staging',
  prepareStagingCollection: 'textbook_chunks_staging',
  prepareStagedGraph: 'clear :staging, stage what differs',
  checkStaging: 'shape, census, seven checks, neighbours',
  writtenSince: 'what the stores say of their own writes',
  stagingChanged: 'staging against what was validated',
  beginSwitch: 'open the journal',
  findSwitch: 'how far did the switch come?',
  takeBackSwitch: 'from now on this switch cannot be committed',
  closeSwitch: 'close the journal',
  switchGraph: 'staged chapters in place of production',
  switchVectors: 'alias, or delta by chapter',
  switchVectorsBack: 'alias back where it was',
  commitPromote: 'the commit point',
  retirePrevious: 'remove the collection that was replaced',
  provePromote: 'what was captured against what was staged',
  inspectHealth: 'the six metrics, and errors in the logs',
  acquireFence: 'set the fencing token',
  setWriteGate: 'pause or resume writes',
  labelSpan: 'label paragraphs',
  revokeFence: 'no batch of this run may follow',
  removeVersionLabel: 'remove the label in batches',
  planRetention: 'which versions stay, and which leave',
  archiveVersion: 'verify, compress, move',
  deleteArchivedVersion: 'delete what has left the window',
  sweepLeftovers: 'what killed runs have left',
  logRetention: 'write operation_log',
};

/** Activities that do the same for each store, by the place of the store among their arguments. */
const PER_STORE: Partial<Record<keyof typeof SUMMARIES, number>> = {
  compareProduction: 1,
  rehearse: 0,
  saveProduction: 0,
  restoreProduction: 0,
  fingerprintProduction: 0,
  restoreSaved: 0,
};

function summaryFor(name: keyof typeof SUMMARIES, args: unknown[]): string {
  const at = PER_STORE[name];
  return at === undefined ? SUMMARIES[name] : `${STORE_TITLES[args[at] as StoreName]}: ${SUMMARIES[name]}`;
}

type Executable = ((...args: unknown[]) => Promise<unknown>) & {
  executeWithOptions(options: object, args: unknown[]): Promise<unknown>;
};

/** The same proxies, each call carrying its summary; a call with options of its own keeps them. */
export function withSummaries<T extends object>(proxies: T): T {
  return new Proxy(proxies, {
    get(target, name) {
      const activity = Reflect.get(target, name) as Executable;
      const summaryOf = (args: unknown[]) => summaryFor(name as keyof typeof SUMMARIES, args);
      const call = (...args: unknown[]) => activity.executeWithOptions({ summary: summaryOf(args) }, args);
      return Object.assign(call, {
        executeWithOptions: (options: object, args: unknown[]) =>
          activity.executeWithOptions({ summary: summaryOf(args), ...options }, args),
      });
    },
  });
}
