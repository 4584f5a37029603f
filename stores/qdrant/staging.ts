import { HybridFlowError } from '../../domain/errors';
import { STAGING_NAMES } from '../../domain/names';
import type { CallControl } from '../ports';
import type { QdrantConnection } from './client';
import { createLikeProduction } from './create-like';
import { countPoints } from './inventory';
import { readAliases, readCollections, readingAlias } from './resolve';
import { assertAside, dropAside, removeCollection, restoreAside } from './restore';

const STAGING = STAGING_NAMES.collection;

/** The collection behind the staging name; undefined where there is none. */
export async function stagingOf(connection: QdrantConnection): Promise<string | undefined> {
  const alias = (await readAliases(connection)).find(({ alias_name }) => alias_name === STAGING);
  if (alias) return alias.collection_name;
  return (await readCollections(connection)).includes(STAGING) ? STAGING : undefined;
}

/** @throws HybridFlowError NOT_STAGING */
export async function requireStaging(connection: QdrantConnection): Promise<string> {
  const collection = await stagingOf(connection);
  if (collection !== undefined) return collection;
  throw new HybridFlowError('NOT_STAGING', {
    found: `Qdrant has no collection and no alias "${STAGING}"`,
    expected: 'a version being staged',
    next: 'stage one with `hfv stage`',
  });
}

/**
 * Makes the staging collection anew: from a snapshot file, or empty, with production's own settings and payload
 * indexes. Where production is read through an alias, the collection is called `physical`, so that the same one can
 * become production, and has the staging name as an alias; else it has the staging name itself. A failure leaves
 * neither; killed in between, it is made anew when repeated.
 *
 * @throws HybridFlowError CONFIG_INVALID where the name is one that readers go by; ARTIFACT_DAMAGED; COLLECTION_MISSING
 */
export async function prepareStaging(
  connection: QdrantConnection,
  from: 'empty' | { file: string; points?: number },
  physical: string,
  control: CallControl = {},
): Promise<{ collection: string; points: number }> {
  const aliased = readingAlias(connection.target.collection, await readAliases(connection)) !== undefined;
  const collection = aliased ? physical : STAGING;
  await dropStaging(connection);
  if (from === 'empty') await makeEmpty(connection, collection);
  else await restoreAside(connection, from.file, collection, { ...control, points: from.points });
  if (aliased) {
    const alias = { collection_name: collection, alias_name: STAGING };
    await connection.call((client) => client.updateCollectionAliases({ actions: [{ create_alias: alias }] }));
  }
  return { collection, points: await countPoints(connection, collection) };
}

async function makeEmpty(connection: QdrantConnection, collection: string): Promise<void> {
  await dropAside(connection, collection);
  try {
    await createLikeProduction(connection, collection);
  } catch (error) {
    // Without all of its indexes it would look whole. The first error is the one to be told.
    await dropAside(connection, collection).catch(() => undefined);
    throw error;
  }
}

/**
 * Removes the staging collection with its snapshots; its alias goes with it. False where there was none.
 *
 * @throws HybridFlowError CONFIG_INVALID where it is production, or anybody else reads it: nothing is changed then
 */
export async function dropStaging(connection: QdrantConnection): Promise<boolean> {
  const collection = await stagingOf(connection);
  if (collection === undefined) return false;
  await assertAside(connection, collection, { besides: STAGING });
  return removeCollection(connection, collection);
}
