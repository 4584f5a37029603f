import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { RestoreInput, RestoreOutcome } from '../../domain/restore';
import { STORE_TITLES } from '../../domain/words';
import { compareWithRecorded, liveFingerprint } from '../../inspection/fingerprints';
import type { TestBase } from '../support/base';
import { contaminate } from '../support/contaminate';
import { Restoring } from '../support/restoring';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(600_000);

type Switched = Exclude<StoreName, 'sqlite'>;
const SWITCHED = ['qdrant', 'neo4j'] as const;

let on: Restoring;
let base: TestBase;
let deps: ActivityDeps;
let baseline: string;

beforeAll(async () => {
  on = await Restoring.open(60);
  ({ base, deps, baseline } = on);
});
afterAll(() => on?.close());
beforeEach(() => contaminate(base));
afterEach(async () => {
  await restore({ version: baseline });
  for (const store of STORE_NAMES) {
    expect(await compareWithRecorded(deps, baseline, store)).toMatchObject({ same: true });
  }
  expect(deps.metadata.journal.list().filter(({ state }) => state === 'switching')).toEqual([]);
});

async function restore(input: RestoreInput, to = deps): Promise<RestoreOutcome> {
  return (await (await on.start('restoreVersion', to, input)).result()) as RestoreOutcome;
}

async function writeToQdrant(): Promise<void> {
  const points = '/collections/textbook_chunks/points';
  const found = await base.qdrant<{ points: { id: string }[] }>('POST', `${points}/scroll`, { limit: 1 });
  const ids = found.points.map(({ id }) => id);
  const body = { payload: { text: 'written at the last moment' }, points: ids };
  await base.qdrant('POST', `${points}/payload?wait=true`, body);
}

/** Somebody who asks nobody. */
const WRITES: Record<Switched, () => Promise<unknown>> = {
  qdrant: writeToQdrant,
  neo4j: () => base.cypher(`MATCH (p:Paragraph) WITH p LIMIT 1 SET p.text = 'written at the last moment'`),
};

async function production(): Promise<Record<StoreName, string>> {
  const sha256 = async (store: StoreName) => (await liveFingerprint(deps, store)).summary.sha256;
  return { sqlite: await sha256('sqlite'), qdrant: await sha256('qdrant'), neo4j: await sha256('neo4j') };
}

type RestoreFrom = ActivityDeps['graph']['restoreFrom'] & ActivityDeps['vectors']['restoreFrom'];

/** The same ports, with the restore in place of one store done otherwise. */
function restoring(store: Switched, work: (real: RestoreFrom, ...given: Parameters<RestoreFrom>) => Promise<unknown>) {
  const port = store === 'neo4j' ? deps.graph : deps.vectors;
  const restoreFrom = (...given: Parameters<RestoreFrom>) => work(port.restoreFrom as RestoreFrom, ...given);
  const meddled = { ...port, restoreFrom };
  return { ...deps, ...(store === 'neo4j' ? { graph: meddled } : { vectors: meddled }) } as ActivityDeps;
}

/** What the writer left is there, the rest is what it was, and the run says so. */
async function expectNotOverwritten(
  store: Switched,
  failure: unknown,
  before: Record<StoreName, string>,
  written: string,
) {
  expect(failure).toMatchObject({
    code: 'ROLLED_BACK',
    message: expect.stringContaining(`Somebody wrote to ${STORE_TITLES[store]} right before`) as string,
  });
  expect(await production()).toEqual({ ...before, [store]: written });
}

const contentOf = async (store: Switched) => (await liveFingerprint(deps, store)).summary.sha256;

test.each(SWITCHED)('who writes to %s right before it is restored is not overwritten', async (store) => {
  const before = await production();
  let written = '';
  const meddled = restoring(store, async (real, ...given) => {
    await WRITES[store]();
    written = await contentOf(store);
    return real(...given);
  });
  await expectNotOverwritten(store, await failureOf(restore({ version: baseline }, meddled)), before, written);
});

test.each(SWITCHED)(
  'who writes to %s while the snapshot is sent, or the transaction goes on, is not either',
  async (store) => {
    const before = await production();
    let written = '';
    const meddled = restoring(store, (real, file, control) =>
      real(file, {
        ...control,
        lastLook: async (how) => {
          const write = async () => {
            if (written === '') await WRITES[store]();
            written ||= await contentOf(store);
          };
          // Neo4j looks once more before it commits; its first look passes here.
          if (store === 'qdrant') await write();
          await control?.lastLook?.(how);
          await write();
        },
      }),
    );
    await expectNotOverwritten(store, await failureOf(restore({ version: baseline }, meddled)), before, written);
  },
);

test.each(SWITCHED)('an attempt that is repeated after its answer was lost goes on: %s', async (store) => {
  let attempts = 0;
  const meddled = restoring(store, async (real, ...given) => {
    const done = await real(...given);
    if (++attempts === 1) throw new HybridFlowError('NEO4J_UNREACHABLE', { found: 'the answer was lost' });
    return done;
  });
  expect(await restore({ version: baseline }, meddled)).toMatchObject({ outcome: 'restored', proven: true });
  expect(attempts).toBe(2);
});

test.each(SWITCHED)(
  'who writes to %s between an attempt that came to nothing and the next is not overwritten',
  async (store) => {
    const before = await production();
    let written = '';
    const meddled = restoring(store, async (real, ...given) => {
      if (written !== '') return real(...given);
      await WRITES[store]();
      written = await contentOf(store);
      throw new HybridFlowError('NEO4J_UNREACHABLE', { found: 'an outage' });
    });
    await expectNotOverwritten(store, await failureOf(restore({ version: baseline }, meddled)), before, written);
  },
);

test.each(SWITCHED)(
  'who writes to %s between an attempt that has written and the next is found, and kept',
  async (store) => {
    const before = await production();
    let written = '';
    const meddled = restoring(store, async (real, ...given) => {
      const done = await real(...given);
      if (written !== '') return done;
      await WRITES[store]();
      written = await contentOf(store);
      throw new HybridFlowError('NEO4J_UNREACHABLE', { found: 'the answer was lost' });
    });
    const failure = await failureOf(restore({ version: baseline }, meddled));
    expect(failure).toMatchObject({
      code: 'ROLLED_BACK',
      message: expect.stringContaining(`Somebody wrote to ${STORE_TITLES[store]} while it was restored`) as string,
    });
    expect(await production()).toEqual(before);
    const { rollback } = failure.details[1] as RestoreOutcome;
    expect(rollback).toMatchObject({ proven: true, restored: expect.arrayContaining([store]) as string[] });
    expect(rollback?.savedTo).toEqual(expect.stringMatching(/^rescue-restore-/));
  },
);
