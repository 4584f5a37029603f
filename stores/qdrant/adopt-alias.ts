import type { Schemas } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import { pointed } from './alias';
import type { QdrantConnection } from './client';
import { latestAlias, readCollections, resolveCollection } from './resolve';
import { assertAside, removeCollection } from './restore';

type Alias = Schemas['AliasDescription'];

/**
 * Makes the alias that readers look for first, for the plain collection that they read now: whoever looks for it finds
 * the same data as before. Leaves everything as it is where production is read through an alias already.
 *
 * @throws HybridFlowError QDRANT_UNFIT where a collection has the alias's name; COLLECTION_MISSING
 */
export async function adoptAlias(
  connection: QdrantConnection,
): Promise<{ alias: string; collection: string; made: boolean }> {
  const { collection, readAs } = await resolveCollection(connection);
  if (readAs !== collection) return { alias: readAs, collection, made: false };
  const alias = latestAlias(connection.target.collection);
  if ((await readCollections(connection)).includes(alias)) throw nameTaken(alias);
  await connection.call((client) => client.updateCollectionAliases({ actions: [pointed(alias, collection)] }));
  return { alias, collection, made: true };
}

/**
 * Removes a collection that production has left, with its snapshots. The one that has the configured name is what
 * readers fall back to, and holds old data: it makes way for an alias of that name for the present collection, made in
 * the next call. In between, for some milliseconds, whoever goes by the plain name only finds nothing; readers that
 * look for the other alias first notice nothing. Repeating it is fine, and goes on where a killed one ended.
 *
 * @throws HybridFlowError CONFIG_INVALID where the collection is production, or an alias names it
 */
export async function retire(connection: QdrantConnection, collection: string): Promise<{ aliased: boolean }> {
  const fallback = connection.target.collection;
  const { collection: production, aliases } = await resolveCollection(connection);
  if (collection === production) throw isProduction(collection);
  if (collection !== fallback) {
    await assertAside(connection, collection);
    await removeCollection(connection, collection);
    return { aliased: false };
  }
  if (aliases.some(({ alias_name }) => alias_name === fallback)) return { aliased: true };
  assertUnread(aliases, collection);
  await removeCollection(connection, collection);
  await connection.call((client) => client.updateCollectionAliases({ actions: [pointed(fallback, production)] }));
  return { aliased: true };
}

function assertUnread(aliases: readonly Alias[], collection: string): void {
  const alias = aliases.find(({ collection_name }) => collection_name === collection);
  if (!alias) return;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `"${collection}" is still read as "${alias.alias_name}"`,
    expected: 'a collection that no alias names',
    details: { collection },
  });
}

function isProduction(collection: string): HybridFlowError {
  return new HybridFlowError('CONFIG_INVALID', {
    found: `"${collection}" is production`,
    expected: 'a collection that production has left',
    details: { collection },
  });
}

function nameTaken(alias: string): HybridFlowError {
  return new HybridFlowError('QDRANT_UNFIT', {
    found: `a collection is called "${alias}", which is the name that the alias is to have`,
    expected: 'no collection of that name',
    next: 'rename or remove it; readers look for an alias of that name first',
    details: { name: alias },
  });
}
