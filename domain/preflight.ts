import type { MigrationSettings } from './baseline';
import type { ErrorCode, ErrorFacts } from './errors';
import type { Inventory } from './inventory';
import type { TableBefore } from './registry';

export interface PreflightFacts {
  inventory: Inventory;
  tablesBefore: TableBefore[];
  settings: Pick<MigrationSettings, 'minimumFreeBytes' | 'expectedChapters' | 'expectedParagraphs'>;
  freeBytes: number;
  label: string;
  /** The version id has a registry row or a folder already. */
  versionInUse: boolean;
}

export interface Refusal {
  code: ErrorCode;
  facts: ErrorFacts;
}

export interface PredictedBytes {
  sqlite: number;
  qdrant: number;
  neo4j: number;
  total: number;
}

/** Bytes a float32 vector and its HNSW links take in a Qdrant snapshot, per dimension and point: a rough floor. */
const BYTES_PER_DIMENSION = 4.2;
const BYTES_PER_POINT_PAYLOAD = 1_200;
const BYTES_PER_GRAPH_ITEM = 120;

/** A rough prediction of what the artifacts of one version take on disk, in bytes. */
export function predictArtifacts({ sqlite, qdrant, neo4j }: Inventory): PredictedBytes {
  const bytes = {
    // metadata.db is captured twice; the other two are captured once and linked.
    sqlite: 2 * sqlite.bytes,
    qdrant: Math.ceil(qdrant.points * ((qdrant.dimension ?? 0) * BYTES_PER_DIMENSION + BYTES_PER_POINT_PAYLOAD)),
    neo4j: (neo4j.nodes + neo4j.relationships) * BYTES_PER_GRAPH_ITEM,
  };
  return { ...bytes, total: bytes.sqlite + bytes.qdrant + bytes.neo4j };
}

/** Bytes that must be free before a run begins: twice the prediction, which is rough, and never less than configured. */
export function neededBytes(inventory: Inventory, minimumFreeBytes: number): number {
  return Math.max(minimumFreeBytes, 2 * predictArtifacts(inventory).total);
}

const JUDGES: ((found: PreflightFacts) => Refusal[])[] = [
  tablesFit,
  versionUnused,
  collectionReady,
  labelUnused,
  chunkIdsPresent,
  countsAgree,
  countsAsStated,
  diskLargeEnough,
];

/** Everything that speaks against a beginning, in the order in which it is judged. Nothing has been changed at this point. */
export function judgeAll(found: PreflightFacts): Refusal[] {
  return JUDGES.flatMap((judge) => judge(found));
}

/** Judges what preflight found. The first refusal wins. */
export function judgePreflight(found: PreflightFacts): Refusal | undefined {
  return judgeAll(found)[0];
}

function tablesFit({ tablesBefore }: PreflightFacts): Refusal[] {
  return tablesBefore
    .filter(({ state, rows }) => state === 'differs' && rows > 0)
    .map((table) => ({
      code: 'SCHEMA_CONFLICT',
      facts: {
        found: `metadata.db has a table ${table.name} of another shape with ${table.rows} rows: ${table.differences.join('; ')}`,
        expected: `no table ${table.name}, an empty one, or one of the shape in docs/concepts.md`,
        next: `move its rows elsewhere and rename the table, then run the migration again`,
        details: { table: table.name, rows: table.rows, differences: table.differences },
      },
    }));
}

function versionUnused({ versionInUse }: PreflightFacts): Refusal[] {
  return refuseWhere(versionInUse, {
    code: 'VERSION_IN_USE',
    facts: {
      found: 'the version id of this run has a registry row or a folder already',
      expected: 'an id that nothing uses; it is made from the second in which the run started',
      next: 'run the migration again',
    },
  });
}

function collectionReady({ inventory: { qdrant } }: PreflightFacts): Refusal[] {
  return refuseWhere(qdrant.status !== 'green', {
    code: 'COLLECTION_NOT_GREEN',
    facts: {
      found: `The Qdrant collection ${qdrant.collection} is ${qdrant.status}`,
      expected: 'green',
      next: 'wait until its optimizers are done (or see its error in the Qdrant log), then run the migration again',
      details: { status: qdrant.status },
    },
  });
}

function labelUnused({ inventory: { neo4j }, label }: PreflightFacts): Refusal[] {
  return refuseWhere(neo4j.alreadyLabelled > 0, {
    code: 'LABEL_IN_USE',
    facts: {
      found: `${neo4j.alreadyLabelled} nodes in Neo4j already carry the label :${label}`,
      expected: 'none, because an undo removes that label from every node',
      next: `find out who set it; remove it with MATCH (n:${label}) REMOVE n:${label} once nothing needs it`,
      details: { label, nodes: neo4j.alreadyLabelled },
    },
  });
}

function chunkIdsPresent({ inventory: { neo4j } }: PreflightFacts): Refusal[] {
  return refuseWhere(neo4j.withoutChunkId > 0, {
    code: 'NEO4J_UNFIT',
    facts: {
      found: `${neo4j.withoutChunkId} paragraphs in Neo4j have no chunk_id`,
      expected: 'a chunk_id on every :Paragraph',
      next: 'mend them (MATCH (p:Paragraph) WHERE p.chunk_id IS NULL RETURN p), then run the migration again',
      details: { paragraphs: neo4j.withoutChunkId },
    },
  });
}

function countsAgree({ inventory: { sqlite, qdrant, neo4j } }: PreflightFacts): Refusal[] {
  const agree = qdrant.points === neo4j.paragraphs && sqlite.chapters > 0 && neo4j.paragraphs > 0;
  return refuseWhere(!agree, {
    code: 'CHECK_FAILED',
    facts: {
      found: `production holds ${sqlite.chapters} chapters, ${qdrant.points} points and ${neo4j.paragraphs} paragraphs`,
      expected: 'as many points as paragraphs, and not an empty base: a baseline is for good',
      next: 'find out which store lost or gained (HYBRIDFLOW_METADATA_DB, QDRANT_COLLECTION and NEO4J_DATABASE name the right ones?)',
      details: { chapters: sqlite.chapters, points: qdrant.points, paragraphs: neo4j.paragraphs },
    },
  });
}

function countsAsStated({ inventory: { sqlite, neo4j }, settings }: PreflightFacts): Refusal[] {
  const stated: [string, number | null, number][] = [
    ['chapters', settings.expectedChapters, sqlite.chapters],
    ['paragraphs', settings.expectedParagraphs, neo4j.paragraphs],
  ];
  return stated
    .filter(([, expected, found]) => expected !== null && expected !== found)
    .map(([what, expected, found]) => ({
      code: 'CHECK_FAILED',
      facts: {
        found: `production holds ${found} ${what}`,
        expected: `${expected}, as the configuration states`,
        next: 'correct the configuration, or find out what production lost or gained',
        details: { what, expected, found },
      },
    }));
}

function diskLargeEnough({ inventory, settings, freeBytes }: PreflightFacts): Refusal[] {
  const predicted = predictArtifacts(inventory).total;
  const needed = neededBytes(inventory, settings.minimumFreeBytes);
  return refuseWhere(freeBytes < needed, {
    code: 'DISK_TOO_SMALL',
    facts: {
      found: `${freeBytes} bytes are free where the backups go`,
      expected: `at least ${needed} (the artifacts are predicted to take ${predicted})`,
      next: 'free some space, or point HYBRIDFLOW_BACKUPS at a larger disk',
      details: { freeBytes, needed, predicted },
    },
  });
}

function refuseWhere(condition: boolean, refusal: Refusal): Refusal[] {
  return condition ? [refusal] : [];
}
