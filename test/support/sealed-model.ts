import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { ARTIFACT_FILES, FINGERPRINT_FILES, type StoreName } from '../../domain/names';
import { POINT_LIST_FILE, type StoreDifference, type VersionComparison } from '../../domain/compare';
import { writePoints } from '../../stores/artifacts/chunk-list';
import { ItemWriter } from '../../stores/fingerprint';
import { listText, rootFingerprint, summaryOf } from '../../stores/fingerprint-text';
import { fingerprintExport } from '../../stores/neo4j/fingerprint';
import type { ArtifactStore } from '../../stores/ports';
import type { PointDigest } from '../../stores/ports/contents';
import { openMetadataStore } from '../../stores/sqlite';
import { createProductionTables } from '../../stores/sqlite/production-schema';

export interface ModelChunk {
  text: string;
  page: number;
}

/** A knowledge base in three lines: chapters (`bailey:ch1`), and their chunks by chunk_id. */
export type Model = Record<string, Record<string, ModelChunk>>;

const MOMENT = '2026-01-02T03:04:05.000Z';

/** metadata.db of the model; a chapter's row tells of the texts of its chunks by a hash. */
export function writeDatabase(file: string, model: Model): void {
  const db = new Database(file);
  try {
    createProductionTables(db);
    const insert = db.prepare(
      `INSERT INTO chapter_metadata (id, textbook_id, chapter_number, title, content_hash, ingestion_timestamp, chunk_count)
       VALUES (?, ?, ?, ?, ?, '2026-01-01', ?)`,
    );
    for (const [chapter, chunks] of Object.entries(model)) {
      const [book, number] = chapter.split(':');
      const title = `Chapter ${number}`;
      // The id of a row is content, too: a chapter keeps its own from model to model.
      const id = parseInt(hash(chapter).slice(0, 10), 16);
      insert.run(id, book, number?.replace(/^ch/, ''), title, hash(JSON.stringify(chunks)), size(chunks));
    }
  } finally {
    db.close();
  }
}

/** The export of the model's graph, with a footer that fits. */
export function writeExport(file: string, model: Model): void {
  const lines: object[] = [
    { t: 'header', format: 'hybridflow-neo4j/1', serverVersion: '5', edition: 'community' },
    { t: 'c', name: 'one', ddl: 'CREATE CONSTRAINT one' },
  ];
  const relationships: object[] = [];
  let next = 0;
  const node = (l: string[], p: object) => (lines.push({ t: 'n', id: next, l, p }), next++);
  const relate = (y: string, s: number, e: number) => relationships.push({ t: 'r', y, s, e, p: {} });
  const books = new Map<string, number>();
  for (const [id, chunks] of Object.entries(model)) {
    const [book = ''] = id.split(':');
    if (!books.has(book)) books.set(book, node(['Textbook'], { id: book }));
    const chapter = node(['Chapter'], { id });
    relate('CONTAINS', books.get(book) ?? 0, chapter);
    const section = node(['Section'], { id: `${id}:s1` });
    relate('HAS_SECTION', chapter, section);
    for (const [chunk_id, { text, page }] of Object.entries(chunks)) {
      relate('HAS_PARAGRAPH', section, node(['Paragraph', 'v1_baseline'], { chunk_id, page, text }));
    }
  }
  const body = [...lines, ...relationships].map((line) => `${JSON.stringify(line)}\n`).join('');
  const paragraphs = Object.values(model).reduce((sum, chunks) => sum + size(chunks), 0);
  const counts = { nodes: next, relationships: relationships.length, constraints: 1, indexes: 0, paragraphs };
  const footer = { t: 'end', counts, sha256: hash(body) };
  writeFileSync(file, gzipSync(`${body}${JSON.stringify(footer)}\n`));
}

/** The points of the model, as the server would hand them out. */
export async function* pointsOf(model: Model): AsyncGenerator<PointDigest[]> {
  const item = new ItemWriter();
  for (const [group, chunks] of Object.entries(model)) {
    yield await Promise.resolve(
      Object.entries(chunks).map(([chunkId, chunk]) => {
        const digest = item.text(chunkId).text(JSON.stringify(chunk)).digest();
        return { pointId: hash(chunkId).slice(0, 32), chunkId, group, digest };
      }),
    );
  }
}

/** Seals the model as a version, or as latest-copy: with artifacts that hold it, and their lists. */
export async function sealModel(
  artifacts: ArtifactStore,
  folder: string,
  model: Model,
  { pointList = true } = {},
): Promise<void> {
  await artifacts.openFolder(folder, `run of ${folder}`);
  const made = [];
  for (const store of ['sqlite', 'qdrant', 'neo4j'] as const) {
    const file = store === 'sqlite' ? ARTIFACT_FILES.metadata : ARTIFACT_FILES[store];
    const ref = await artifacts.write(folder, file, async (temporary) => {
      if (store === 'sqlite') writeDatabase(temporary, model);
      else if (store === 'neo4j') writeExport(temporary, model);
      else writeFileSync(temporary, 'a snapshot that nobody can look into');
    });
    const groups = await groupsOf(artifacts, folder, store, ref.path, model, pointList);
    await artifacts.writeText(folder, FINGERPRINT_FILES[store], listText(groups));
    const { sha256, items, groups: count } = summaryOf(groups);
    const captured = { capturedFrom: MOMENT, capturedTo: MOMENT, counts: {}, serverVersion: '1' };
    const fingerprint = { file: FINGERPRINT_FILES[store], sha256, items, groups: count };
    made.push({ store, file, bytes: ref.bytes, sha256: ref.sha256, ...captured, fingerprint });
  }
  await artifacts.seal(folder, {
    ...{
      format: 'hybridflow-version/1',
      versionId: folder,
      base: 'test',
      createdAt: MOMENT,
      workflowId: 'w',
      runId: 'r',
    },
    counts: { chapters: 1, chaptersPerTextbook: {}, points: 1, paragraphs: 1, nodes: 1, relationships: 1 },
    qdrant: { name: 'a', collection: 'a', aliases: [], config: {}, payloadSchema: {} },
    artifacts: made,
    fingerprint: rootFingerprint(made),
  });
}

async function groupsOf(
  artifacts: ArtifactStore,
  folder: string,
  store: StoreName,
  path: string,
  model: Model,
  pointList: boolean,
): Promise<GroupFingerprint[]> {
  if (store === 'sqlite') return openMetadataStore(path).fingerprint(path);
  if (store === 'neo4j') return fingerprintExport(path);
  let groups: GroupFingerprint[] = [];
  const list = pointList ? POINT_LIST_FILE : '.unlisted.txt.gz';
  await artifacts.write(folder, list, async (temporary) => {
    groups = await writePoints(temporary, pointsOf(model));
  });
  return groups;
}

/** One store of a comparison. */
export function storeOf({ stores }: VersionComparison, name: string): StoreDifference {
  const found = stores.find(({ store }) => store === name);
  if (!found) throw new Error(`${name} was not compared`);
  return found;
}

function size(chunks: object): number {
  return Object.keys(chunks).length;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
