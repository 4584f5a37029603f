/** What was read after a version: null where the system does not tell. */
export interface SoakRow {
  name: string;
  residentBytes: number | null;
  openFiles: number | null;
  leftovers: string[];
}

export interface SoakVerdict {
  name: string;
  found: string;
  limit: string;
  /** Null where nobody could measure it. */
  within: boolean | null;
}

/** Versions at either end whose memory is compared: one alone may have been read right before a collection. */
const AT_EACH_END = 3;
/** Fewer would compare a version with itself. */
export const FEWEST_VERSIONS = 2 * AT_EACH_END;
const GROWTH = { factor: 1.25, bytes: 32 * 2 ** 20 };
const MORE_FILES = 8;

/**
 * Whether anything has grown from version to version. The baseline is held to its leftovers only: ports that stay open
 * are in use from the first version on.
 *
 * @throws RangeError for fewer versions than {@link FEWEST_VERSIONS}
 */
export function judgeSoak(baseline: SoakRow, versions: readonly SoakRow[]): SoakVerdict[] {
  if (versions.length < FEWEST_VERSIONS) throw new RangeError(`${versions.length} versions are too few to be judged`);
  return [judgeMemory(versions), judgeFiles(versions), judgeLeftovers([baseline, ...versions])];
}

function judgeMemory(versions: readonly SoakRow[]): SoakVerdict {
  const first = median(versions.slice(0, AT_EACH_END));
  const last = median(versions.slice(-AT_EACH_END));
  const name = `memory, median of the last ${AT_EACH_END} versions`;
  if (first === null || last === null) return unmeasured(name);
  const limit = first * GROWTH.factor + GROWTH.bytes;
  return { name, found: mebibytes(last), limit: mebibytes(limit), within: last <= limit };
}

function judgeFiles(versions: readonly SoakRow[]): SoakVerdict {
  const name = 'open files, most after any version';
  const counts = versions.map(({ openFiles }) => openFiles).filter((count) => count !== null);
  const [first] = counts;
  if (first === undefined || counts.length < versions.length) return unmeasured(name);
  const [most, limit] = [Math.max(...counts), first + MORE_FILES];
  return { name, found: String(most), limit: String(limit), within: most <= limit };
}

function judgeLeftovers(rows: readonly SoakRow[]): SoakVerdict {
  const found = rows.flatMap(({ name, leftovers }) => leftovers.map((one) => `${one} after ${name}`));
  return {
    name: 'leftovers, after any version',
    found: found.join(', ') || 'none',
    limit: 'none',
    within: found.length === 0,
  };
}

function median(rows: readonly SoakRow[]): number | null {
  const known = rows.map(({ residentBytes }) => residentBytes).filter((bytes) => bytes !== null);
  if (known.length < rows.length) return null;
  return known.sort((a, b) => a - b)[Math.floor(known.length / 2)] ?? null;
}

function unmeasured(name: string): SoakVerdict {
  return { name, found: 'not measured', limit: '-', within: null };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
