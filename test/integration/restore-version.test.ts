import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { RestoreInput, RestoreOutcome } from '../../domain/restore';
import { LATEST_COPY } from '../../domain/version-id';
import { STORE_TITLES } from '../../domain/words';
import { compareWithRecorded } from '../../inspection/fingerprints';
import { verifyVersion } from '../../inspection/verify';
import type { TestBase } from '../support/base';
import { contaminate, contaminateQdrant } from '../support/contaminate';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { withMeddling } from '../support/meddle';
import { Restoring } from '../support/restoring';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(600_000);

const PARAGRAPHS = 60;

let on: Restoring;
let base: TestBase;
let deps: ActivityDeps;
let baseline: string;
let before: Fingerprint;

beforeAll(async () => {
  on = await Restoring.open(PARAGRAPHS);
  ({ base, deps, baseline } = on);
  before = await fingerprint(base);
});
afterAll(() => on?.close());

const start = (type: string, to: ActivityDeps, input: object, deadRunId?: string): Promise<WorkflowHandle> =>
  on.start(type, to, input, deadRunId);

async function restore(input: RestoreInput, to = deps, deadRunId?: string): Promise<RestoreOutcome> {
  return (await (await start('restoreVersion', to, input, deadRunId)).result()) as RestoreOutcome;
}

/** Production is the version, whoever is asked, and nothing else is left of the restore. */
async function expectRestored(folder = baseline): Promise<void> {
  for (const store of STORE_NAMES) expect(await compareWithRecorded(deps, folder, store)).toMatchObject({ same: true });
  expect(await fingerprint(base)).toEqual(before);
  expect([await base.labelled(), await base.fence()]).toEqual([PARAGRAPHS, undefined]);
  expect(await base.collections()).toEqual(['textbook_chunks']);
  expect(await base.snapshots('textbook_chunks')).toEqual([]);
  expect([deps.metadata.fence.read(), await deps.artifacts.readClaim()]).toEqual([undefined, undefined]);
  expect(deps.metadata.journal.list().filter(({ state }) => state === 'switching' || state === 'committed')).toEqual(
    [],
  );
  expect(await verifyVersion(deps, LATEST_COPY, { qdrant: false })).toMatchObject({ passed: true, problems: [] });
  expect(base.backups().filter((name) => /^\.[^/]*$/.test(name))).toEqual([]);
}

test('three contaminated stores are the baseline again: same fingerprints, same answers; what was there is kept', async () => {
  await contaminate(base);
  const outcome = await restore({ version: 'baseline', reason: 'a script went wrong', startedBy: 'ada' });
  expect([outcome.warnings, outcome.proven]).toEqual([[], true]);
  expect(outcome.probes.map(({ identical }) => identical)).not.toContain(false);
  expect(outcome.probes.length).toBeGreaterThan(0);
  await expectRestored();
  expect(deps.metadata.journal.current()?.versionId).toBe(baseline);
  const rescued = base.backups().filter((name) => name.startsWith(`${outcome.rescue}/`) && !name.includes('.owner'));
  expect(rescued).toEqual(
    [
      ...['metadata.db', 'metadata.fingerprint.txt', 'neo4j.fingerprint.txt', 'neo4j.jsonl.gz', 'neo4j.saved.json'],
      ...['qdrant.saved.json', 'sqlite.saved.json', 'textbook_chunks.fingerprint.txt', 'textbook_chunks.snapshot'],
    ].map((file) => `${outcome.rescue}/${file}`),
  );
  const logged = deps.metadata.registry.operations(baseline).filter(({ operationType }) => operationType === 'restore');
  expect(logged).toMatchObject([{ status: 'success', details: { by: 'ada', reason: 'a script went wrong' } }]);
});

test('one store is restored, and no other is touched', async () => {
  await contaminateQdrant(base);
  const marks = async () => [deps.metadata.mark().then(({ value }) => value), (await deps.graph.mark()).value];
  const [, graph] = await marks();
  const outcome = await restore({ version: baseline, stores: ['qdrant'] });
  expect(outcome).toMatchObject({ stores: ['qdrant'], proven: true, drift: { chapters: 0, others: [] } });
  expect((await marks())[1]).toEqual(graph);
  await expectRestored();
});

/** A single write of somebody who asks nobody. */
const WRITES: Record<StoreName, () => Promise<unknown>> = {
  sqlite: async () => base.sql(`UPDATE chapter_metadata SET title = 'written meanwhile'`),
  qdrant: () => contaminateQdrant(base),
  neo4j: () => base.cypher(`MATCH (p:Paragraph) WITH p LIMIT 1 SET p.text = 'written meanwhile'`),
};

test.each(STORE_NAMES)('who writes to %s while it is prepared is not overwritten', async (store) => {
  await contaminate(base);
  const held = async () => ({
    ...(await fingerprint(base)),
    backups: base.backups().filter((name) => !/^(reports|\.claim)/.test(name)),
  });
  let written: unknown;
  const effect = async () => {
    await WRITES[store]();
    written = await held();
  };
  const failure = await failureOf(
    restore({ version: baseline }, withMeddling(deps, [{ before: 'vectors.restoreAside', effect }])),
  );
  expect(failure).toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringMatching(`Somebody wrote to ${STORE_TITLES[store]} while .* prepared`) as string,
  });
  expect(await held()).toEqual(written);
  expect([deps.metadata.fence.read(), await deps.artifacts.readClaim()]).toEqual([undefined, undefined]);
  expect(deps.metadata.journal.list().filter(({ state }) => state === 'switching')).toEqual([]);
  await restore({ version: baseline });
  await expectRestored();
});

test.each(STORE_NAMES)(
  'who writes to %s while it is restored is found, and everything is taken back',
  async (store) => {
    await contaminate(base);
    // The first reading after the restore is the one that is held against the version.
    const port = store === 'neo4j' ? 'graph' : 'vectors';
    const meddling = { before: `${port}.fingerprint`, after: `${port}.restoreFrom`, effect: WRITES[store] };
    const failure = await failureOf(restore({ version: baseline }, withMeddling(deps, [meddling])));
    expect(failure).toMatchObject({ code: 'ROLLED_BACK', message: expect.stringContaining('meanwhile') as string });
    expect((failure.details[1] as RestoreOutcome).rollback).toMatchObject({ proven: true });
    await restore({ version: baseline });
    await expectRestored();
  },
);

/** A restore whose run is ended from outside right before a port method is called; answers the id of the dead run. */
async function endedBefore(call: string): Promise<string> {
  const begun: { handle?: WorkflowHandle } = {};
  let ended = () => undefined as void;
  const over = new Promise<void>((resolve) => (ended = resolve));
  const terminate = async () => {
    await begun.handle?.terminate('killed by the test');
    ended();
    // As a worker that is gone: what it was about to do is not done.
    throw new Error('this worker is dead');
  };
  const handle = await start('restoreVersion', withMeddling(deps, [{ before: call, effect: terminate }]), {
    version: baseline,
  });
  begun.handle = handle;
  await over;
  return (await handle.describe()).runId;
}

test.each([
  ['vectors.restoreFrom', 'switching'],
  ['artifacts.publishLatestCopy', 'committed'],
])('a run that is ended from outside before %s: the next one ends what it began', async (call, state) => {
  await contaminate(base);
  const dead = await endedBefore(call);
  expect(deps.metadata.journal.find(dead)).toMatchObject({ state });
  const outcome = await restore({ version: 'latest-copy' }, deps, dead);
  expect(deps.metadata.journal.find(dead)).toMatchObject({ state: state === 'committed' ? 'done' : 'undone' });
  expect(outcome).toMatchObject({ versionId: baseline, proven: true });
  await expectRestored();
});
