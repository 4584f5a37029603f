import type { Schemas } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import type { CallControl, QdrantSnapshotRef } from '../ports';
import type { QdrantConnection } from './client';
import { downloadTo } from './download';
import { resolveCollection } from './resolve';

/** Newest last: a name ends in the moment it was made. */
export async function listSnapshots(connection: QdrantConnection): Promise<QdrantSnapshotRef[]> {
  const { collection } = await resolveCollection(connection);
  const found = await connection.call((client) => client.listSnapshots(collection));
  return found.map(toRef).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Waits until the server has written the snapshot. Where an earlier attempt's answer was lost, its snapshot is in the
 * list and is taken as ours: a second one would cost its size again and, within the same second, even take its name.
 */
export async function createSnapshot(
  connection: QdrantConnection,
  before: string[],
  { retry }: { retry: boolean },
): Promise<QdrantSnapshotRef> {
  const { collection } = await resolveCollection(connection);
  if (retry) {
    const appeared = (await listSnapshots(connection)).filter(({ name }) => !before.includes(name)).at(-1);
    if (appeared) return appeared;
  }
  const made = await connection.callPatiently((client) => client.createSnapshot(collection, { wait: true }));
  if (made) return toRef(made);
  throw new HybridFlowError('QDRANT_REFUSED', {
    found: `the server took the order for a snapshot of "${collection}" without making one`,
    next: "look at the server's log",
  });
}

export async function downloadSnapshot(
  connection: QdrantConnection,
  ref: QdrantSnapshotRef,
  file: string,
  control: CallControl = {},
): Promise<{ bytes: number; sha256: string }> {
  const { collection } = await resolveCollection(connection);
  return downloadTo(connection, snapshotPath(collection, ref.name), ref, file, control);
}

/** Missing is fine, and so is a collection that is gone: with it there is nothing left that this name could mean. */
export async function deleteSnapshot(connection: QdrantConnection, name: string): Promise<void> {
  try {
    const { collection } = await resolveCollection(connection);
    const present = await connection.call((client) => client.listSnapshots(collection));
    if (!present.some((snapshot) => snapshot.name === name)) return;
    await connection.callPatiently((client) => client.deleteSnapshot(collection, name, { wait: true }));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof HybridFlowError)) return false;
  return error.code === 'COLLECTION_MISSING' || error.facts.details?.status === 404;
}

function snapshotPath(collection: string, name: string): string {
  return `/collections/${encodeURIComponent(collection)}/snapshots/${encodeURIComponent(name)}`;
}

function toRef({ name, size, checksum }: Schemas['SnapshotDescription']): QdrantSnapshotRef {
  return { name, bytes: size, checksum: checksum ?? null };
}
