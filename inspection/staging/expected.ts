import type { ChapterDelta } from '../../domain/chapter-delta';
import { compareGroups, type FingerprintComparison, type GroupFingerprint } from '../../domain/fingerprint';
import { STAGING_NAMES, type StoreName } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { listText, parseList, summaryOf } from '../../stores/fingerprint-text';
import type { CallControl, Stores } from '../../stores/ports';
import { recordedFingerprint, withSummary } from '../fingerprints';

type Lists = Record<StoreName, GroupFingerprint[]>;

/** What a store's fingerprint will be after the promote. Of Neo4j its chapters alone can be told beforehand. */
export async function expectedFingerprint(
  stores: Stores,
  store: StoreName,
  removed: readonly string[],
  control: CallControl,
): Promise<GroupFingerprint[]> {
  switch (store) {
    case 'sqlite':
      return stores.metadata.stagedFingerprint();
    case 'qdrant':
      return stores.vectors.fingerprint({ collection: STAGING_NAMES.collection }, control);
    case 'neo4j':
      return expectedGraph(stores, removed, control);
  }
}

async function expectedGraph(
  stores: Stores,
  removed: readonly string[],
  control: CallControl,
): Promise<GroupFingerprint[]> {
  const [staged, chapters, before] = await Promise.all([
    stores.graph.stagedFingerprint(control),
    stores.graph.stagedChapters(),
    recordedFingerprint(stores, LATEST_COPY, 'neo4j'),
  ]);
  const replaced = new Set([...removed, ...chapters]);
  const kept = chaptersOnly(before.groups).filter(({ group }) => !replaced.has(group));
  return [...kept, ...staged].sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** The fingerprints of all three stores as the promote will leave them; see {@link expectedFingerprint}. */
export async function expectedFingerprints(
  stores: Stores,
  removed: readonly string[],
  control: CallControl,
): Promise<Lists> {
  const of = (store: StoreName) => expectedFingerprint(stores, store, removed, control);
  const [sqlite, qdrant, neo4j] = await Promise.all([of('sqlite'), of('qdrant'), of('neo4j')]);
  return { sqlite, qdrant, neo4j };
}

/** Chapters by what staging does to them in Neo4j. */
export async function graphDelta(stores: Stores, removed: readonly string[]): Promise<ChapterDelta> {
  const staged = await stores.graph.stagedChapters();
  const before = new Set((await recordedFingerprint(stores, LATEST_COPY, 'neo4j')).groups.map(({ group }) => group));
  return {
    added: staged.filter((chapter) => !before.has(chapter)).sort(),
    changed: staged.filter((chapter) => before.has(chapter)).sort(),
    removed: [...removed],
  };
}

export const EXPECTED_FILES: Record<StoreName, string> = {
  sqlite: 'expected-metadata.fingerprint.txt',
  qdrant: 'expected-textbook_chunks.fingerprint.txt',
  neo4j: 'expected-neo4j.fingerprint.txt',
};

/** Keeps the expected lists with the version's reports; answers the fingerprint of each. */
export async function keepExpected(
  { artifacts }: Pick<Stores, 'artifacts'>,
  versionId: string,
  lists: Lists,
): Promise<Record<StoreName, string>> {
  const digests: Partial<Record<StoreName, string>> = {};
  for (const [store, groups] of Object.entries(lists) as [StoreName, GroupFingerprint[]][]) {
    await artifacts.writeReport(versionId, EXPECTED_FILES[store], listText(groups));
    digests[store] = summaryOf(groups).sha256;
  }
  return digests as Record<StoreName, string>;
}

/** Holds what was captured after the promote against what was expected before it. Null where nothing was kept. */
export async function compareWithExpected(
  stores: Pick<Stores, 'artifacts'>,
  versionId: string,
  store: StoreName,
): Promise<FingerprintComparison | null> {
  const file = EXPECTED_FILES[store];
  const text = await stores.artifacts.readReport(versionId, file);
  if (text === undefined) return null;
  const expected = withSummary(parseList(text, file));
  const captured = await recordedFingerprint(stores, versionId, store);
  const actual = store === 'neo4j' ? withSummary(chaptersOnly(captured.groups)) : captured;
  return compareGroups(store, expected, actual);
}

function chaptersOnly(groups: readonly GroupFingerprint[]): GroupFingerprint[] {
  return groups.filter(({ group }) => !group.startsWith('('));
}
