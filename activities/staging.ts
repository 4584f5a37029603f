import { chaptersThatDiffer } from '../domain/chapter-digest';
import { compareGroups } from '../domain/fingerprint';
import { ARTIFACT_FILES, type StoreName } from '../domain/names';
import type { StagedMarks, StagingVerdict, WrittenSince } from '../domain/staging';
import { LATEST_COPY } from '../domain/version-id';
import { recordedFingerprint } from '../inspection/fingerprints';
import { changedSince, inspectStaging, writtenSince, type StagingAsked } from '../inspection/staging';
import { callControl, writeLease } from './context';
import type { ActivityDeps } from './deps';

/** The places that an ingestion writes a version to, and their validation. */
export function createStagedActivities(deps: ActivityDeps) {
  const { metadata, vectors, graph, artifacts } = deps;
  const fileOf = (folder: string, file: string) => ({ file: artifacts.pathOf(folder, file) });
  return {
    /** @param folder a sealed version, or latest-copy; null: begin empty */
    async prepareStagingTable(folder: string | null): Promise<{ chapters: number }> {
      const from = folder === null ? 'empty' : fileOf(folder, ARTIFACT_FILES.metadata);
      return metadata.prepareStaging(from, writeLease());
    },

    async prepareStagingCollection(
      folder: string | null,
      versionId: string,
    ): Promise<{ collection: string; points: number }> {
      const physical = `${(await vectors.inventory()).name}_${versionId}`;
      if (folder === null) return vectors.prepareStaging('empty', physical, callControl());
      const manifest = await artifacts.readManifest(folder);
      const points = manifest?.artifacts.find(({ store }) => store === 'qdrant')?.counts.points;
      return vectors.prepareStaging({ ...fileOf(folder, ARTIFACT_FILES.qdrant), points }, physical, callControl());
    },

    /**
     * Stages the chapters in which a version differs from production; from production itself there are none. `beyond`:
     * they differ in what belongs to no chapter, too, which cannot be staged.
     */
    async prepareStagedGraph(folder: string | null): Promise<{ chapters: number; nodes: number; beyond?: boolean }> {
      if (folder === null || folder === LATEST_COPY) {
        await graph.removeStaging(1_000, callControl());
        return { chapters: 0, nodes: 0 };
      }
      const { chapters, beyond } = await differingChapters(deps, folder);
      const { file } = fileOf(folder, ARTIFACT_FILES.neo4j);
      const { nodes } = await graph.stageFromExport(file, chapters, callControl());
      return { chapters: chapters.length, nodes, ...(beyond && { beyond }) };
    },

    /** Everything that is asked of staging before it may be promoted. */
    async checkStaging(asked: StagingAsked): Promise<StagingVerdict> {
      return inspectStaging(deps, deps, asked, callControl());
    },

    /** Where something may have been written since staging was validated; see {@link writtenSince}. */
    async writtenSince(marks: StagedMarks | undefined): Promise<WrittenSince> {
      return writtenSince(deps, marks);
    },

    /** Of these stores, those in which staging is no longer what was validated. */
    async stagingChanged(expected: Record<StoreName, string>, stores: StoreName[]): Promise<StoreName[]> {
      return changedSince(deps, expected, stores, callControl());
    },
  };
}

/**
 * Chapters that the version has otherwise than production, in whatever belongs to them. The lists of fingerprints tell
 * the paragraphs of each chapter alone, so that both exports are read.
 */
async function differingChapters(deps: ActivityDeps, folder: string): Promise<{ chapters: string[]; beyond: boolean }> {
  const { artifacts, graph } = deps;
  const [wanted, present] = await Promise.all([
    recordedFingerprint(deps, folder, 'neo4j'),
    recordedFingerprint(deps, LATEST_COPY, 'neo4j'),
  ]);
  if (compareGroups('neo4j', present, wanted).same) return { chapters: [], beyond: false };
  const digests = (of: string) => graph.digestChapters(artifacts.pathOf(of, ARTIFACT_FILES.neo4j), callControl());
  // One after the other: each holds some hundred bytes a node.
  const [then, now] = [await digests(folder), await digests(LATEST_COPY)];
  return chaptersThatDiffer(then, now);
}
