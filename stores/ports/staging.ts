import type { ChapterDelta } from '../../domain/chapter-delta';
import type { ChapterKey } from '../../domain/checks';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { GraphChecks, VectorChecks } from './checks';
import type { CallControl, WriteLease } from './common';
import type { Neighbour } from './search';

/** What a version is staged from: nothing, or the copy of a store in a file. */
export type StagingSource = 'empty' | { file: string };

/** `chapter_metadata_staging`: the whole state that chapter_metadata is to have. */
export interface MetadataStaging {
  /**
   * Makes the table anew, with chapter_metadata's own definition, and fills it. Repeating it starts over.
   * ARTIFACT_DAMAGED where the copy is not sound, STAGING_UNFIT where its chapters have other columns than production's:
   * what was staged before stays then.
   */
  prepareStaging(from: StagingSource, lease: WriteLease): { chapters: number };
  /**
   * Tries the switch of a promote and takes it back. STAGING_UNFIT where the columns are not chapter_metadata's, a row
   * names no chapter, a chapter has two rows, chapter_metadata would not take a row, or a foreign key would lead nowhere.
   * NOT_STAGING where there is no such table, here and in the calls below.
   */
  assertStagingFits(): void;
  /** By textbook and number. STAGING_UNFIT where the columns are not chapter_metadata's, here and below. */
  stagedChapters(): ChapterKey[];
  /** Production's fingerprint as it will be once staging has taken chapter_metadata's place. */
  stagedFingerprint(): GroupFingerprint[];
  /** Rows of staging held against production's. A chapter whose `id` alone differs is changed. */
  stagedDelta(): ChapterDelta;
}

/** The collection that is read as `textbook_chunks_staging`: the whole state that production is to have. */
export interface VectorStaging {
  /**
   * Makes the staging collection anew. `physical` is its name where production is read through an alias; it then gets
   * the staging name as an alias. Empty: with production's own settings and payload indexes. Repeating it starts over.
   */
  prepareStaging(
    from: 'empty' | { file: string; points?: number },
    physical: string,
    control?: CallControl,
  ): Promise<{ collection: string; points: number }>;
  /** STAGING_UNFIT where vectors or distance differ from production's, or a point's id is not the UUIDv5 of its chunk_id. */
  assertStagingFits(control?: CallControl): Promise<void>;
  /** Checks 1 to 4 asked of a collection other than production's. */
  checksOf(collection: string): VectorChecks & { status(): Promise<{ points: number; status: string }> };
  /** Chapters whose points differ between staging and production: payloads, and vectors too. */
  stagedDelta(control?: CallControl): Promise<ChapterDelta>;
  nearestIn(collection: string, vector: readonly number[], limit: number): Promise<Neighbour[]>;
  /** Whether production is read through an alias, and what stands behind it. */
  readMode(): Promise<{ mode: 'alias' | 'in place'; collection: string; aliases: string[] }>;
  /**
   * Points production's aliases to `collection` in one call, the staging alias gone. Repeating it is fine. Answers the
   * collection that production was, null where it was this one already. COLLECTION_MISSING, or QDRANT_UNFIT where
   * production is not read through an alias: nothing is changed then.
   */
  switchAlias(collection: string): Promise<{ previous: string | null }>;
  /**
   * Brings production's points of these chapters to what staging holds, in place, writing only what differs. Repeating
   * it is fine. Meanwhile readers may meet new points beside old ones, but no point that stays is ever missing.
   */
  applyDelta(chapters: readonly string[], control?: CallControl): Promise<{ upserted: number; deleted: number }>;
  /** Removes the staging collection and its alias; false where there was none. Production is refused. */
  dropStaging(): Promise<boolean>;
  /**
   * Makes the alias `<collection>_latest` for the plain collection, without a gap. Where production is read through an
   * alias already, that one is answered.
   */
  adoptAlias(): Promise<{ alias: string; collection: string; made: boolean }>;
  /**
   * Removes a collection that production has left, with its snapshots. The one that has the configured name, which
   * readers fall back to, makes way for an alias of that name (`aliased`). Repeating it is fine; production is refused.
   */
  retire(collection: string): Promise<{ aliased: boolean }>;
}

export interface GraphSwitched {
  nodesCreated: number;
  nodesUpdated: number;
  nodesDeleted: number;
  relationshipsCreated: number;
  relationshipsDeleted: number;
  transactions: number;
}

/** `:staging` nodes: the chapters that are added or changed, each whole. */
export interface GraphStaging {
  /** Chapters that are staged. */
  stagedChapters(): Promise<string[]>;
  /** STAGING_UNFIT for whatever cannot be promoted: a node that lacks a label, a link into production, a placeholder that names nothing, a chunk_id twice, … at most 20 samples. */
  assertStagingFits(removed: readonly string[]): Promise<void>;
  /** Stages these chapters as an export holds them. Repeating it starts over. */
  stageFromExport(file: string, chapters: readonly string[], control?: CallControl): Promise<{ nodes: number }>;
  /** The graph as it will be: staged chapters in the place of production's, `removed` ones gone. */
  stagedChecks(removed: readonly string[]): GraphChecks;
  /** Groups of the staged chapters as production will have them, and each of them whole: domain/chapter-digest.ts. */
  stagedFingerprint(control?: CallControl): Promise<GroupFingerprint[]>;
  /**
   * Puts the staged chapters in production's place and removes those in `removed`: in one transaction where the change
   * is small enough, else a transaction a chapter. Each checks the fencing token. Repeating it goes on. FENCED where the token is not the fence's.
   */
  switchStaged(request: { token: string; removed: readonly string[] }, control?: CallControl): Promise<GraphSwitched>;
  /** What an export holds, checked without a server. */
  exportChecks(file: string): GraphChecks;
  /** chunk_id -> text of a chapter's paragraphs, in their order; of the staged chapter where `staged`. */
  chapterTexts(chapterId: string, options?: { staged?: boolean }): Promise<Record<string, string>>;
}
