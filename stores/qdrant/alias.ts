import type { Schemas } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import { STAGING_NAMES } from '../../domain/names';
import type { QdrantConnection } from './client';
import { readAliases, readCollections, readingAlias, readingNames, resolveCollection } from './resolve';

type Alias = Schemas['AliasDescription'];
type Action = Schemas['AliasOperations'];

const STAGING = STAGING_NAMES.collection;

export interface ReadMode {
  mode: 'alias' | 'in place';
  collection: string;
  /** Aliases of the collection, staging's left out. */
  aliases: string[];
}

/** How production is read now. @throws HybridFlowError COLLECTION_MISSING */
export async function readMode(connection: QdrantConnection): Promise<ReadMode> {
  const { collection, readAs, aliases } = await resolveCollection(connection);
  const own = aliases.filter((a) => a.collection_name === collection && a.alias_name !== STAGING);
  return {
    mode: readAs === collection ? 'in place' : 'alias',
    collection,
    aliases: own.map(({ alias_name }) => alias_name).sort(),
  };
}

/**
 * Points every alias of production to `collection`, in one call, and takes staging's alias away. The server applies
 * the actions under one lock, so that a reader by an alias sees the one collection or the other, whole; but what was
 * done before an action that fails stays done. So the target is looked for first, aliases are moved without being
 * deleted before, the one that readers look for comes last, and what was moved all the same is put back.
 *
 * @returns the collection that production was; null where it was `collection` already
 * @throws HybridFlowError COLLECTION_MISSING; QDRANT_UNFIT where production is not read through an alias
 */
export async function switchAlias(
  connection: QdrantConnection,
  collection: string,
): Promise<{ previous: string | null }> {
  const { collection: previous, aliases: before } = await resolveCollection(connection);
  if (!readingAlias(connection.target.collection, before)) throw notAliased(previous);
  if (!(await readCollections(connection)).includes(collection)) throw noSuchTarget(collection);
  const moving = aliasesToMove(connection, before, previous).filter((a) => a.collection_name !== collection);
  const staged = before.some(({ alias_name }) => alias_name === STAGING);
  const actions: Action[] = [
    ...moving.map(({ alias_name }) => pointed(alias_name, collection)),
    ...(staged ? [{ delete_alias: { alias_name: STAGING } }] : []),
  ];
  if (actions.length > 0) await apply(connection, { actions, moving, collection });
  return { previous: previous === collection ? null : previous };
}

/** Those of production, and the names that readers fall back to; the one that they look for first at the end. */
function aliasesToMove({ target }: QdrantConnection, aliases: readonly Alias[], production: string): Alias[] {
  const names = readingNames(target.collection);
  const rank = ({ alias_name }: Alias) => names.length - names.indexOf(alias_name);
  const reading = aliases.filter(({ alias_name }) => names.includes(alias_name)).sort((a, b) => rank(a) - rank(b));
  const others = aliases.filter((a) => a.collection_name === production && !names.includes(a.alias_name));
  return [...others.filter(({ alias_name }) => alias_name !== STAGING), ...reading];
}

interface Switching {
  actions: Action[];
  /** As they stood before. */
  moving: readonly Alias[];
  collection: string;
}

async function apply(connection: QdrantConnection, { actions, moving, collection }: Switching): Promise<void> {
  try {
    await connection.call((client) => client.updateCollectionAliases({ actions }));
  } catch (error) {
    // An answer that was lost is no failure, where the aliases stand as they should.
    if (await arePointed(connection, moving, collection)) return;
    await putBack(connection, moving);
    throw error;
  }
  if (await arePointed(connection, moving, collection)) return;
  await putBack(connection, moving);
  throw notMoved(collection, moving);
}

async function arePointed(
  connection: QdrantConnection,
  moving: readonly Alias[],
  collection: string,
): Promise<boolean> {
  const now = new Map((await readAliases(connection)).map((a) => [a.alias_name, a.collection_name]));
  return moving.every(({ alias_name }) => now.get(alias_name) === collection) && !now.has(STAGING);
}

async function putBack(connection: QdrantConnection, before: readonly Alias[]): Promise<void> {
  const now = new Map((await readAliases(connection)).map((a) => [a.alias_name, a.collection_name]));
  const astray = before.filter((a) => now.get(a.alias_name) !== a.collection_name);
  const actions = astray.map(({ alias_name, collection_name }) => pointed(alias_name, collection_name));
  if (actions.length > 0) await connection.call((client) => client.updateCollectionAliases({ actions }));
}

/** For an alias that is there already, this moves it in one step: it is never missing in between. */
export function pointed(alias_name: string, collection_name: string): Action {
  return { create_alias: { alias_name, collection_name } };
}

function notAliased(collection: string): HybridFlowError {
  return new HybridFlowError('QDRANT_UNFIT', {
    found: `production is read as the plain collection "${collection}", not through an alias`,
    expected: 'an alias that can be moved',
    next: 'make one with `hfv adopt-alias`',
    details: { collection },
  });
}

function noSuchTarget(collection: string): HybridFlowError {
  return new HybridFlowError('COLLECTION_MISSING', {
    found: `Qdrant has no collection "${collection}" for production's aliases to point to`,
    expected: 'a collection; the aliases stay as they are',
    details: { name: collection },
  });
}

function notMoved(collection: string, moving: readonly Alias[]): HybridFlowError {
  const names = moving.map(({ alias_name }) => alias_name).join(', ');
  return new HybridFlowError('QDRANT_REFUSED', {
    found: `Qdrant answered that ${names} now point to "${collection}", but they do not; they were put back`,
    next: "look at the server's log",
  });
}
