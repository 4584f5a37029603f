import type { Schemas } from '@qdrant/js-client-rest';
import type { QdrantConnection } from './client';
import { collectionMissing } from './errors';

type Alias = Schemas['AliasDescription'];

const LATEST = '_latest';

export interface Resolved {
  /** The collection itself, never an alias. */
  collection: string;
  /** The name by which readers get to it: an alias where there is one. */
  readAs: string;
  /** Every alias of the server. */
  aliases: Alias[];
}

/**
 * The names that readers go by, in the order in which they look: the alias `<configured>_latest`, then the configured
 * name itself. A configured name that ends so already is the only one.
 */
export function readingNames(configured: string): string[] {
  return configured.endsWith(LATEST) ? [configured] : [`${configured}${LATEST}`, configured];
}

/** The alias that readers look for first, be it there or not. */
export function latestAlias(configured: string): string {
  return configured.endsWith(LATEST) ? configured : `${configured}${LATEST}`;
}

/** The alias that readers come by; undefined where none of their names is one. */
export function readingAlias(configured: string, aliases: readonly Alias[]): Alias | undefined {
  return readingNames(configured)
    .map((name) => aliases.find(({ alias_name }) => alias_name === name))
    .find((alias) => alias !== undefined);
}

export async function readAliases({ call }: QdrantConnection): Promise<Alias[]> {
  return (await call((client) => client.getAliases())).aliases;
}

/** Names of collections; aliases are not among them. */
export async function readCollections({ call }: QdrantConnection): Promise<string[]> {
  return (await call((client) => client.getCollections())).collections.map(({ name }) => name);
}

/**
 * The collection that production is now, found as readers find it. Asked anew each time: an alias may move.
 *
 * @throws HybridFlowError COLLECTION_MISSING naming what there is
 */
export async function resolveCollection(connection: QdrantConnection): Promise<Resolved> {
  const { target } = connection;
  const aliases = await readAliases(connection);
  const alias = readingAlias(target.collection, aliases);
  if (alias) return { collection: alias.collection_name, readAs: alias.alias_name, aliases };
  const collections = await readCollections(connection);
  if (collections.includes(target.collection)) {
    return { collection: target.collection, readAs: target.collection, aliases };
  }
  throw collectionMissing(target, { collections, aliases: aliases.map(({ alias_name }) => alias_name) });
}
