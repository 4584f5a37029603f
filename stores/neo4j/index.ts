import type { GraphStore } from '../ports';
import { findBrokenChains, readLinks } from './chains';
import { textsOfChapter } from './chapter-texts';
import { countParagraphs, findInvalidCrossReferences, findOrphans, readChunks } from './checks';
import { openGraphConnection, type GraphTarget } from './driver';
import { exportGraph, fingerprintGraph } from './export';
import { exportChecks } from './export-checks';
import { countExport, digestChapters, fingerprintExport } from './fingerprint';
import { acquireFence, labelBatch, rehearseLabels, readFence, revokeFence, setGate } from './fence';
import { readSchemaHealth } from './health';
import { takeCounts, takeInventory } from './inventory';
import { removeLabel } from './labels';
import { takeMark } from './mark';
import { readMarkerLabels } from './marker-labels';
import { restoreGraph } from './restore';
import { firstChapters, readHierarchy, textsOf } from './search';
import { stagedChecks } from './staged-checks';
import { stageFromExport } from './staged-export';
import { fingerprintStaged } from './staged-fingerprint';
import { assertStagingFits } from './staged-fits';
import { readStagedChapters } from './staged-survey';
import { removeStaging } from './staging';
import { switchStaged } from './switch';
import { countParagraphsPerTextbook } from './textbooks';
import { findWriters } from './writers';

export type { GraphTarget } from './driver';

export interface GraphLimits {
  /** A switch of more nodes and relationships than this has a transaction for each chapter. */
  mostInOne?: number;
}

/** Opens the graph of one Neo4j database. Nothing is sent before the first call. */
export function openGraphStore(target: GraphTarget, { mostInOne }: GraphLimits = {}): GraphStore {
  const connection = openGraphConnection(target);
  return {
    inventory: (label) => takeInventory(connection, label),
    counts: (label) => takeCounts(connection, label),
    paragraphs: () => countParagraphs(connection),
    chunks: (control) => readChunks(connection, control),
    orphans: (control) => findOrphans(connection, control),
    brokenChains: (control) => findBrokenChains(readLinks(connection), control),
    invalidCrossReferences: (control) => findInvalidCrossReferences(connection, control),
    exportTo: (file, control) => exportGraph(connection, file, control),
    fingerprint: (control) => fingerprintGraph(connection, control),
    fingerprintExport: (file, control) => fingerprintExport(file, control),
    countExport,
    digestChapters: (file, control, wanted) => digestChapters(file, control, wanted),
    acquireFence: (token, lease) => acquireFence(connection, token, lease),
    readFence: () => readFence(connection),
    setGate: (token, paused) => setGate(connection, token, paused),
    labelBatch: (batch) => labelBatch(connection, batch),
    rehearseLabels: (label, token) => rehearseLabels(connection, label, token),
    revokeFence: (token) => revokeFence(connection, token),
    markerLabels: () => readMarkerLabels(connection),
    removeLabel: (label, batchSize, control) => removeLabel(connection, label, batchSize, control),
    restoreFrom: (file, control) => restoreGraph(connection, file, control),
    removeStaging: (batchSize, control) => removeStaging(connection, batchSize, control),
    stagedChapters: () => readStagedChapters(connection),
    assertStagingFits: (removed) => assertStagingFits(connection, removed),
    stageFromExport: (file, chapters, control) => stageFromExport(connection, file, chapters, control),
    stagedChecks: (removed) => stagedChecks(connection, removed),
    stagedFingerprint: (control) => fingerprintStaged(connection, control),
    switchStaged: (request, control) => switchStaged(connection, request, control, mostInOne),
    exportChecks: (file) => exportChecks(file),
    chapterTexts: (chapterId, options) => textsOfChapter(connection, chapterId, options),
    schemaHealth: () => readSchemaHealth(connection),
    texts: (chunkIds) => textsOf(connection, chunkIds),
    hierarchy: (chapterId) => readHierarchy(connection, chapterId),
    firstChapters: (limit) => firstChapters(connection, limit),
    mark: () => takeMark(connection),
    writers: () => findWriters(connection),
    paragraphsPerTextbook: () => countParagraphsPerTextbook(connection),
    close: () => connection.close(),
  };
}
