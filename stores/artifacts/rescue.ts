import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { ARTIFACT_FILES, STORE_NAMES, type StoreName } from '../../domain/names';
import { rescueManifest, rescueRecordFile, rescueRecordSchema, type RescueRecord } from '../../domain/rescue';
import { damaged, unlessMissing } from './errors';

const FILES: Record<StoreName, string> = {
  sqlite: ARTIFACT_FILES.metadata,
  qdrant: ARTIFACT_FILES.qdrant,
  neo4j: ARTIFACT_FILES.neo4j,
};

/**
 * What the records of a rescue folder come to; undefined where it has none.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where a store lies there that no record tells of, or a record does not fit
 */
export async function readRescue(path: string): Promise<Manifest | undefined> {
  const records: RescueRecord[] = [];
  const untold: string[] = [];
  for (const store of STORE_NAMES) {
    const record = await readRecord(join(path, rescueRecordFile(store)), store);
    if (record) records.push(record);
    else if (await unlessMissing(stat(join(path, FILES[store])))) untold.push(FILES[store]);
  }
  if (records.length > 0 && untold.length > 0) throw torn(path, untold);
  return rescueManifest(records);
}

async function readRecord(file: string, store: StoreName): Promise<RescueRecord | undefined> {
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const parsed = rescueRecordSchema.safeParse(parsedJson(text, file));
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'} (${message})`);
    throw damaged(file, `does not fit: ${fields.join('; ')}`, 'a record of format hybridflow-rescue/1');
  }
  if (parsed.data.artifact.store === store) return parsed.data;
  throw damaged(file, `tells of ${parsed.data.artifact.store}`, `a record of ${store}`);
}

function parsedJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(file, `cannot be parsed: ${(error as Error).message}`, 'JSON');
  }
}

function torn(path: string, files: readonly string[]): HybridFlowError {
  const named = files.join(' and ');
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path} has no record of ${named}: the saving was broken off`,
    expected: 'a record (`<store>.saved.json`) beside each store',
    next: `move ${named} out of that folder: the stores that have a record can then be given back`,
    details: { path, files },
  });
}
