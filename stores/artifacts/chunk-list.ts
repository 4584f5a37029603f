import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { FingerprintGroups } from '../fingerprint';
import { gzipLines, type GzipFaults } from '../gzip-lines';
import { listedName } from '../group-names';
import { writeNewFile } from '../new-file';
import type { ChunkDigest, PointDigest } from '../ports/contents';
import { damaged, unlessMissing } from './errors';

/*
 * The list of a collection's points: gzipped, one line a point, in the order of the point ids: digest in hex, point id,
 * chunk_id, chapter, with a tab between. It is vouched for by the list of fingerprints, whose groups are made of the same
 * digests.
 */
const GZIP_LEVEL = 1;

/**
 * Writes the list to a file that must not exist yet, page by page, and answers the fingerprint of the same points. A
 * failure leaves no file.
 *
 * @throws HybridFlowError ARTIFACT_WRITE_FAILED; whatever reading the pages throws
 */
export async function writePoints(file: string, pages: AsyncIterable<PointDigest[]>): Promise<GroupFingerprint[]> {
  const groups = new FingerprintGroups();
  const lines = linesOf(pages, groups);
  await writeNewFile(file, (sink) =>
    pipeline(Readable.from(lines, { highWaterMark: 2 }), createGzip({ level: GZIP_LEVEL }), sink),
  );
  return groups.list();
}

/**
 * The points of these groups, as the list has them.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is missing, cut short, or has a line of another form
 */
export async function* readPoints(file: string, wanted: ReadonlySet<string>): AsyncGenerator<ChunkDigest> {
  for await (const { pointId, chunkId, group, digest } of parsedLines(file)) {
    const name = listedName(group);
    if (wanted.has(name)) yield { group: name, chunkId: chunkId || `point ${pointId}`, digest };
  }
}

/**
 * The fingerprint of all that the list holds; undefined where there is no list.
 *
 * @throws HybridFlowError as {@link readPoints}
 */
export async function fingerprintPoints(file: string): Promise<GroupFingerprint[] | undefined> {
  if (!(await unlessMissing(stat(file)))) return undefined;
  const groups = new FingerprintGroups();
  for await (const { group, digest } of parsedLines(file)) groups.add(group, digest);
  return groups.list();
}

async function* parsedLines(file: string): AsyncGenerator<PointDigest> {
  let number = 0;
  for await (const line of gzipLines(file, faultsOf(file))) {
    number += 1;
    const [hex = '', pointId, chunkId, group, ...rest] = line.split('\t');
    if (!/^[0-9a-f]{64}$/.test(hex) || pointId === undefined || group === undefined || rest.length > 0) {
      throw damaged(file, `line ${number} is none of a list of points`);
    }
    const digest = Buffer.from(hex, 'hex');
    yield { pointId: plain(pointId), chunkId: plain(chunkId ?? ''), group: plain(group), digest };
  }
}

async function* linesOf(pages: AsyncIterable<PointDigest[]>, groups: FingerprintGroups): AsyncGenerator<string> {
  for await (const page of pages) {
    let text = '';
    for (const { pointId, chunkId, group, digest } of page) {
      groups.add(group, digest);
      text += `${Buffer.from(digest).toString('hex')}\t${[pointId, chunkId, group].map(escaped).join('\t')}\n`;
    }
    if (text !== '') yield text;
  }
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const PLAIN = Object.fromEntries(Object.entries(ESCAPES).map(([character, written]) => [written, character]));

function escaped(text: string): string {
  return text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character);
}

function plain(text: string): string {
  return text.includes('\\') ? text.replace(/\\[\\nrt]/g, (written) => PLAIN[written] ?? written) : text;
}

function faultsOf(file: string): GzipFaults {
  return {
    missing: () => damaged(file, 'is missing'),
    unreadable: (code) => damaged(file, `is no readable gzip stream (${code})`),
    cutShort: () => damaged(file, 'ends within a line: it was cut short'),
  };
}
