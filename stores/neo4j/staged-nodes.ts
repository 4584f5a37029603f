import { chapterOfChunk } from '../../domain/chunk-id';
import { FENCE_LABEL, STAGED_LINK, STAGED_PREFIX, STAGING_NAMES } from '../../domain/names';
import { encodeValue, type Json } from './export-values';
import { VERSION_LABEL } from './graph-fingerprint';
import { quoted } from './import';

/*
 * What belongs to a chapter, in production and in staging alike:
 *  - a node whose name says so: a paragraph's chunk_id, or of a section, table or figure the chunk_id that it carries,
 *    else its id. `bailey:ch60:2.1` belongs to `bailey:ch60` wherever it hangs, and if it hangs nowhere.
 *  - of the nodes whose name says nothing, those that the tree leads to from the chapter.
 * So most tables and figures, which no relationship leads to, go with the chapter whose paragraph they name.
 */

const BELOW_CHAPTER = ['Section', 'Subsection', 'Subsubsection', 'Paragraph', 'Table', 'Figure'];
const KINDS = ['Textbook', 'Chapter', ...BELOW_CHAPTER];
/** Of those whose name may say the chapter, the ones that no index finds. */
export const NAMED_ELSEWHERE = BELOW_CHAPTER.filter((kind) => kind !== 'Paragraph');

/** The ways down that make a node's place: a node is where they say, and nowhere else. */
export const HOLDS = ['HAS_SECTION', 'HAS_SUBSECTION', 'HAS_SUBSUBSECTION', 'HAS_PARAGRAPH'];
/** The ways down by which a chapter's nodes are found. */
export const TREE = [...HOLDS, 'CONTAINS_TABLE', 'CONTAINS_FIGURE'];

const { label: STAGING } = STAGING_NAMES;

/** Production and staging are the same graph, told apart by label. */
export interface Side {
  /** A label as nodes of this side carry it. */
  label(name: string): string;
  /** Cypher that holds for the nodes of this side. */
  holds(variable: string): string;
  /** Whether chapters and paragraphs are found by an index; else a survey has found them. */
  indexed: boolean;
}

export const PRODUCTION: Side = {
  label: quoted,
  holds: (variable) => `NOT ${variable}:${STAGING} AND NOT ${variable}:${FENCE_LABEL}`,
  indexed: true,
};
export const STAGED: Side = {
  label: (name) => quoted(STAGED_PREFIX + name),
  holds: (variable) => `${variable}:${STAGING}`,
  indexed: false,
};

/** A node as every query of the switch answers it, beside what it is asked for. */
export const nodeRow = (n: string) => `[id(${n}), labels(${n}), ${n}.id, ${n}.chunk_id]`;
export type NodeFacts = [id: unknown, labels: string[], key: unknown, chunkId: unknown];

/** What a node is and how it is known, whichever side it is on. */
export interface Known {
  /** As production has them, in order, without those of versions. */
  labels: string[];
  /** The label that it is known by. */
  kind: string;
  /** Its chunk_id or id as the server keeps it; null where it has none. */
  key: unknown;
  /** The chapter that its name says. */
  chapter: string | undefined;
}

export function known(labels: readonly string[], id: unknown, chunkId: unknown): Known {
  const real = realLabels(labels);
  const kind = kindOf(real);
  const key = kind === 'Paragraph' ? chunkId : (id ?? chunkId);
  return { labels: real, kind, key: key ?? null, chapter: chapterNamed(kind, id, chunkId) };
}

/** Labels without those that say where a node is (`:staging`, `Staged…`) or of which versions it is. */
export function realLabels(labels: readonly string[]): string[] {
  return labels
    .filter((label) => label !== STAGING && !VERSION_LABEL.test(label))
    .map((label) => (labels.includes(STAGING) && label.startsWith(STAGED_PREFIX) ? withoutPrefix(label) : label))
    .sort();
}

function withoutPrefix(label: string): string {
  return label.slice(STAGED_PREFIX.length);
}

/** The label that a node is known by; of one that is no part of a book, all of them. */
export function kindOf(labels: readonly string[]): string {
  return KINDS.find((kind) => labels.includes(kind)) ?? labels.join(':');
}

export function isPlaceholder(labels: readonly string[]): boolean {
  return labels.includes(STAGED_LINK);
}

/** The chapter that a node's name says; undefined where the name says none. */
export function chapterNamed(kind: string, id: unknown, chunkId: unknown): string | undefined {
  if (kind === 'Chapter') return typeof id === 'string' ? id : undefined;
  if (!BELOW_CHAPTER.includes(kind)) return undefined;
  const named = chapterIn(chunkId);
  return named ?? (kind === 'Paragraph' ? undefined : chapterIn(id));
}

/** True for a text that chunk ids may begin with: the name of a chapter. */
export function isChapterId(id: unknown): boolean {
  return typeof id === 'string' && chapterOfChunk(`${id}:0`) === id;
}

/** What the names of a chapter's nodes begin with. */
export const prefixOf = (chapter: string) => `${chapter}:`;

/** Tells two keys apart as the server does: the text '1' is not the number 1. Undefined for a node without one. */
export function keyText(key: unknown): string | undefined {
  if (key === null || key === undefined) return undefined;
  const json: Json = encodeValue(key);
  return JSON.stringify(json);
}

function chapterIn(value: unknown): string | undefined {
  return typeof value === 'string' ? chapterOfChunk(value) : undefined;
}
