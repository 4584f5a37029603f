import type { ChapterKey, Offenders } from '../../domain/checks';
import type { CallControl } from './common';

/**
 * What the seven checks ask of the stores, of production only: staging is left out. Lists of offenders are samples
 * (at most 20) with an exact total.
 */
export interface MetadataChecks {
  /** Every chapter, by textbook and number; of the copy `file` where one is named. */
  chapters(file?: string): ChapterKey[];
}

/** One page of what a store holds, in no particular order. */
export interface ChunkPage {
  chunkIds: string[];
  /** Of this page, what has no chunk_id (or none that is a text): each as its store names it. */
  unnamed: string[];
}

export interface VectorChecks {
  /** Every point's chunk_id, page by page; one that stands in two points comes twice. */
  chunks(control?: CallControl): AsyncIterable<ChunkPage>;
}

export interface GraphChecks {
  /** Production's paragraphs, exact. */
  paragraphs(): Promise<number>;
  /** Every paragraph's chunk_id, page by page; one that stands in two paragraphs comes twice. */
  chunks(control?: CallControl): AsyncIterable<ChunkPage>;
  /** Paragraphs without a parent, or that no chapter reaches. */
  orphans(control?: CallControl): Promise<Offenders>;
  /** Breaks of NEXT and PREV inside a chapter, each in words. */
  brokenChains(control?: CallControl): Promise<Offenders & { chapters: number }>;
  /** Paragraphs whose cross_references is neither null nor a JSON array; `carrying` is how many have any. */
  invalidCrossReferences(control?: CallControl): Promise<Offenders & { carrying: number }>;
}
