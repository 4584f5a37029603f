import { HybridFlowError } from '../../../domain/errors';
import type { GraphStaging, MetadataStaging, Pins, SwitchJournal, VectorStaging } from '../../../stores/ports';

const none = (): never => {
  throw new Error('nothing is staged in this fake world');
};

/** Stores in which nothing is ever staged: what looks at staging finds none, what would use it is a mistake. */
export function noMetadataStaging(): MetadataStaging {
  return {
    prepareStaging: none,
    assertStagingFits: none,
    stagedChapters: () => {
      throw new HybridFlowError('NOT_STAGING', { found: 'nothing is staged in this fake world' });
    },
    stagedFingerprint: none,
    stagedDelta: none,
  };
}

export function noVectorStaging(): VectorStaging {
  return {
    prepareStaging: none,
    assertStagingFits: none,
    checksOf: none,
    stagedDelta: none,
    nearestIn: none,
    readMode: async () => ({ mode: 'in place', collection: 'textbook_chunks', aliases: [] }),
    switchAlias: none,
    applyDelta: none,
    dropStaging: async () => false,
    retire: none,
    adoptAlias: none,
  };
}

export function noGraphStaging(): GraphStaging {
  return {
    stagedChapters: async () => [],
    assertStagingFits: none,
    stageFromExport: none,
    stagedChecks: none,
    stagedFingerprint: none,
    switchStaged: none,
    exportChecks: none,
    chapterTexts: none,
  };
}

/** A journal without an entry: production is what the baseline says. */
export function emptyJournal(baseline: () => string | undefined): SwitchJournal {
  return {
    begin: none,
    amend: none,
    commitPromote: none,
    commitRestore: none,
    takeBack: () => 'absent',
    close: () => undefined,
    find: () => undefined,
    list: () => [],
    current: () => {
      const versionId = baseline();
      return versionId === undefined ? undefined : { versionId, since: '2026-01-01T00:00:00.000Z' };
    },
  };
}

export function noPins(): Pins {
  return { list: () => [], add: none, remove: () => false };
}
