import { HybridFlowError } from '../../domain/errors';
import type { VectorRestoreControl } from '../ports';
import type { QdrantConnection } from './client';
import { countPoints } from './inventory';
import { readAliases, readCollections, readingAlias, readingNames } from './resolve';
import { uploadSnapshot } from './upload';

/**
 * Restores a snapshot into a collection beside production. What goes by that name is dropped first, and again where
 * anything fails.
 *
 * @throws HybridFlowError CONFIG_INVALID where the name is production's; ARTIFACT_DAMAGED
 */
export async function restoreAside(
  connection: QdrantConnection,
  file: string,
  collection: string,
  control: VectorRestoreControl = {},
): Promise<void> {
  await dropAside(connection, collection);
  try {
    await uploadSnapshot(connection, collection, file, control);
    await assertPoints(connection, collection, file, control.points);
  } catch (error) {
    // The first error is the one to be told; what is still left is found by its name.
    await dropAside(connection, collection).catch(() => undefined);
    throw error;
  }
}

/** Removes a collection and its snapshots, which would outlive it. @throws HybridFlowError CONFIG_INVALID where it is in use */
export async function dropAside(connection: QdrantConnection, collection: string): Promise<void> {
  await assertAside(connection, collection);
  await removeCollection(connection, collection);
}

/** Removes a collection with its snapshots; its aliases go with it. False where there was none. */
export async function removeCollection(connection: QdrantConnection, collection: string): Promise<boolean> {
  if (!(await readCollections(connection)).includes(collection)) return false;
  for (const { name } of await connection.call((client) => client.listSnapshots(collection))) {
    await connection.callPatiently((client) => client.deleteSnapshot(collection, name, { wait: true }));
  }
  await connection.callPatiently((client) => client.deleteCollection(collection));
  return true;
}

export async function collectionsNamed(connection: QdrantConnection, prefix: string): Promise<string[]> {
  return (await readCollections(connection)).filter((name) => name.startsWith(prefix)).sort();
}

/**
 * Puts a snapshot in production's place. The server unpacks it beside the collection and swaps it in, so that readers
 * see the one or the other. Where production is gone altogether, it is made anew under the name that readers go by.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is no whole snapshot; production is as it was then
 */
export async function restoreProduction(
  connection: QdrantConnection,
  file: string,
  control: VectorRestoreControl = {},
): Promise<void> {
  const collection = await productionOf(connection);
  await uploadSnapshot(connection, collection, file, control);
  await assertPoints(connection, collection, file, control.points);
}

async function productionOf(connection: QdrantConnection): Promise<string> {
  const { collection } = connection.target;
  return readingAlias(collection, await readAliases(connection))?.collection_name ?? collection;
}

/**
 * Whatever an alias names is read by somebody under that alias, be it production's or not; only `besides` is no
 * reader's. The names that readers look for are production's, whether they stand for something or not.
 *
 * @throws HybridFlowError CONFIG_INVALID
 */
export async function assertAside(
  connection: QdrantConnection,
  collection: string,
  { besides }: { besides?: string } = {},
): Promise<void> {
  const aliases = (await readAliases(connection)).filter(({ alias_name }) => alias_name !== besides);
  const alias = aliases.find((a) => a.alias_name === collection || a.collection_name === collection);
  if (!readingNames(connection.target.collection).includes(collection) && !alias) return;
  const why = alias ? `alias "${alias.alias_name}" stands for "${alias.collection_name}"` : 'readers go by that name';
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `"${collection}" is no collection to be made or dropped beside production: ${why}`,
    expected: 'a name that nobody reads by',
    details: { collection },
  });
}

async function assertPoints(
  connection: QdrantConnection,
  collection: string,
  file: string,
  expected: number | undefined,
): Promise<void> {
  const count = await countPoints(connection, collection);
  if (expected === undefined ? count > 0 : count === expected) return;
  throw new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `"${collection}" holds ${count} points after ${file} was restored`,
    expected: expected === undefined ? 'at least one' : `${expected}, as recorded with the artifact`,
    next: 'take another copy of the artifact',
    details: { file, count },
  });
}
