import type { ActivityDeps } from '../../activities';
import { createPromoteActivities } from '../../activities/promote';
import { openVectorStore } from '../../stores/qdrant';
import { chapter, NAMES, StagedCollection } from './support/staged-collection';

jest.setTimeout(60_000);

const { prefix, staging: STAGING } = NAMES;
/** The configured name is an alias itself, beside the one that readers look for first. */
const NAME = `${prefix}_live`;
const LATEST = `${NAME}_latest`;
const PREVIOUS = `${prefix}_old`;
const STAGED = `${prefix}_new`;
const OLD = chapter('bailey:ch1', 3);
const NEW = chapter('bailey:ch1', 4, 2);

let base: StagedCollection;
beforeAll(async () => {
  base = await StagedCollection.open();
});
beforeEach(async () => {
  await base.clear();
  await base.make(PREVIOUS, OLD);
  await base.make(STAGED, NEW);
  await base.alias(NAME, PREVIOUS);
  await base.alias(LATEST, PREVIOUS);
  await base.alias(STAGING, STAGED);
});
afterAll(() => base?.close());

/** As the activity is called for a run whose journal says what it moved; before that its entry names staging alone. */
function takenBack(details: Record<string, unknown> = { previousCollection: PREVIOUS, collection: STAGED }) {
  const vectors = openVectorStore({ ...base.target, collection: NAME });
  const journal = { find: () => ({ details }) };
  const deps = { vectors, metadata: { journal }, graph: {} } as unknown as ActivityDeps;
  return createPromoteActivities(deps).switchVectorsBack('run');
}

async function expectAsBefore(aliases: Record<string, string> = { [NAME]: PREVIOUS, [LATEST]: PREVIOUS }) {
  expect(await base.aliases()).toEqual(aliases);
  expect(await base.names()).toEqual([PREVIOUS]);
  expect(await base.contents(PREVIOUS)).toHaveLength(OLD.length);
}

test('an alias that has moved is moved back, and what it led to removed; once more changes nothing', async () => {
  await openVectorStore({ ...base.target, collection: NAME }).switchAlias(STAGED);
  expect(await base.aliases()).toEqual({ [NAME]: STAGED, [LATEST]: STAGED });
  expect(await takenBack()).toBe('moved back');
  await expectAsBefore();
  expect(await takenBack()).toBe('not moved');
  await expectAsBefore();
});

test('a switch that broke in the middle has moved one of two names: it is moved back as well', async () => {
  await base.alias(NAME, STAGED);
  expect(await takenBack()).toBe('not moved');
  await expectAsBefore();
});

test('where no alias has moved yet, what was staged is removed', async () => {
  expect(await takenBack()).toBe('not moved');
  await expectAsBefore();
});

test('where somebody took the aliases away meanwhile, no name is given to production that it did not have', async () => {
  await base.admin.deleteCollection(PREVIOUS);
  await base.make(NAME, OLD);
  expect(await takenBack()).toBe('not moved');
  expect([await base.aliases(), await base.names()]).toEqual([{}, [NAME]]);
});

test('a run that has not come to its switch of Qdrant leaves it to the steps that follow', async () => {
  expect(await takenBack({ collection: STAGED })).toBe('not needed');
  expect(await base.names()).toEqual([STAGED, PREVIOUS].sort());
});
