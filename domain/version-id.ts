import { HybridFlowError } from './errors';

/**
 * Glossary.
 * - *version*: one sealed state of the knowledge base across SQLite, Qdrant and Neo4j.
 * - *baseline*: version 1, the production that was there before there were versions. Immutable.
 * - *latest-copy*: the one restorable copy of production as of the last commit; it has no timestamp.
 * - *staging*: the version being built; at most one.
 * - *label*: the marker that a version's paragraphs carry in Neo4j. A label is a marker, not a copy.
 */
export const VERSION_KINDS = ['baseline', 'minor', 'major'] as const;
export type VersionKind = (typeof VERSION_KINDS)[number];

export const LATEST_COPY = 'latest-copy';
export const STAGING = 'staging';

/** A folder with what was there before a restore, or before a rollback had to restore; only runs give such names. */
export function isRescueName(text: string): boolean {
  return /^rescue-(?:restore-)?v\d+_[\w-]+$/.test(text);
}

/** The label of the baseline's paragraphs, as the migration plan writes it. */
export const BASELINE_LABEL = 'v1_baseline';

export interface VersionId {
  /** Grows by one per version; only 1 is a baseline. */
  number: number;
  kind: VersionKind;
  /** UTC, with a resolution of one second. */
  at: Date;
}

const PATTERN = /^v([1-9]\d{0,8})_(baseline|minor|major)_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})$/;

/** `v{N}_{kind}_{YYYYMMDD}_{HHMMSS}` in UTC. Milliseconds are dropped. */
export function formatVersionId({ number, kind, at }: VersionId): string {
  assertKindFits(number, kind, `v${number}_${kind}`);
  const iso = at.toISOString();
  const text = `v${number}_${kind}_${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}`;
  // Numbers and years beyond what an id can hold must not make one that cannot be read back.
  if (!PATTERN.test(text)) throw notAVersion(text);
  return text;
}

/**
 * Reads a version id back.
 *
 * @throws HybridFlowError VERSION_UNKNOWN where the text is no version id, or names a moment that does not exist
 */
export function parseVersionId(text: string): VersionId {
  const match = PATTERN.exec(text);
  if (!match) throw notAVersion(text);
  const [, n, kind, year, month, day, hour, minute, second] = match;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const id: VersionId = { number: Number(n), kind: kind as VersionKind, at };
  if (Number.isNaN(at.getTime())) throw notAVersion(text);
  assertKindFits(id.number, id.kind, text);
  // 31 February parses into March: only an id that prints as itself names a real moment.
  if (formatVersionId(id) !== text) throw notAVersion(text);
  return id;
}

export function isVersionId(text: string): boolean {
  try {
    parseVersionId(text);
    return true;
  } catch {
    return false;
  }
}

/** The Neo4j label of a version's paragraphs: `v1_baseline`, `v2_minor`, … (the id without its timestamp). */
export function versionLabel(versionId: string): string {
  const { number, kind } = parseVersionId(versionId);
  return `v${number}_${kind}`;
}

function assertKindFits(number: number, kind: VersionKind, text: string): void {
  if ((number === 1) !== (kind === 'baseline')) throw notAVersion(text);
}

function notAVersion(text: string): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: `"${text}" is not a version id`,
    expected: 'v{N}_{baseline|minor|major}_{YYYYMMDD}_{HHMMSS} in UTC, where only version 1 is a baseline',
    next: 'list the versions with `hfv versions`',
  });
}
