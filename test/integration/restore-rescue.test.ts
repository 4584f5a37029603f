import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { RestoreInput, RestoreOutcome } from '../../domain/restore';
import { LATEST_COPY } from '../../domain/version-id';
import { compareWithRecorded, liveFingerprint } from '../../inspection/fingerprints';
import { planRestore } from '../../inspection/restore';
import { verifyVersion } from '../../inspection/verify';
import type { TestBase } from '../support/base';
import { withMeddling } from '../support/meddle';
import { Restoring } from '../support/restoring';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(600_000);

let on: Restoring;
let base: TestBase;
let deps: ActivityDeps;
let baseline: string;

beforeAll(async () => {
  on = await Restoring.open(60);
  ({ base, deps, baseline } = on);
});
afterAll(() => on?.close());

const start = (to: ActivityDeps, input: RestoreInput, deadRunId?: string): Promise<WorkflowHandle> =>
  on.start('restoreVersion', to, input, deadRunId);

async function restore(input: RestoreInput, to = deps, deadRunId?: string): Promise<RestoreOutcome> {
  return (await (await start(to, { acceptDrift: true, ...input }, deadRunId)).result()) as RestoreOutcome;
}

/** A good ingestion that went past the versions: another text in Qdrant and in Neo4j. */
async function ingestPast(text: string): Promise<void> {
  const { points } = await base.qdrant<{ points: { id: string }[] }>(
    'POST',
    '/collections/textbook_chunks/points/scroll',
    { limit: 1 },
  );
  const body = { payload: { text }, points: points.map(({ id }) => id) };
  await base.qdrant('POST', '/collections/textbook_chunks/points/payload?wait=true', body);
  await base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 1 SET p.text = $text`, { text });
}

async function production(): Promise<Record<StoreName, string>> {
  const sha256 = async (store: StoreName) => (await liveFingerprint(deps, store)).summary.sha256;
  return { sqlite: await sha256('sqlite'), qdrant: await sha256('qdrant'), neo4j: await sha256('neo4j') };
}

/** Whatever a staging asks first: production is what latest-copy holds, and nothing is left of the restore. */
async function expectStageable(): Promise<void> {
  for (const store of STORE_NAMES)
    expect(await compareWithRecorded(deps, LATEST_COPY, store)).toMatchObject({ same: true });
  expect(await verifyVersion(deps, LATEST_COPY)).toMatchObject({ passed: true, problems: [] });
  expect([deps.metadata.fence.read(), await deps.artifacts.readClaim(), await base.fence()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await base.collections()).toEqual(['textbook_chunks']);
  expect(await base.snapshots('textbook_chunks')).toEqual([]);
  expect(base.backups().filter((name) => /^\.[^/]*$/.test(name))).toEqual([]);
  expect(deps.metadata.journal.list().filter(({ state }) => state === 'switching' || state === 'committed')).toEqual(
    [],
  );
}

/** Saved by a restore of the baseline, with what production was before. */
async function saved(text: string): Promise<{ folder: string; held: Record<StoreName, string> }> {
  await ingestPast(text);
  const held = await production();
  const { rescue } = await restore({ version: 'baseline' });
  if (rescue === null) throw new Error('nothing was saved');
  return { folder: rescue, held };
}

test('what a restore saved is given back: production and latest-copy are what was there, and staging may begin', async () => {
  const { folder, held } = await saved('a good ingestion');
  expect(await production()).not.toEqual(held);
  expect(await verifyVersion(deps, folder)).toMatchObject({ passed: true, problems: [] });
  const outcome = await restore({ version: folder, startedBy: 'ada' });
  expect(outcome).toMatchObject({
    ...{ asked: folder, stores: ['qdrant', 'neo4j'], proven: true, versionId: baseline, from: baseline },
    ...{ latestCopyPath: deps.artifacts.pathOf(LATEST_COPY), drift: { chapters: 0, others: [] } },
  });
  expect(await production()).toEqual(held);
  expect(deps.metadata.journal.current()?.versionId).toBe(baseline);
  expect(deps.metadata.journal.list()[0]).toMatchObject({
    kind: 'restore',
    state: 'done',
    details: { source: { folder } },
  });
  await expectStageable();
});

test('what latest-copy alone holds is saved before latest-copy is replaced', async () => {
  const first = await saved('the first');
  const second = await saved('the second');
  await restore({ version: first.folder });
  const outcome = await restore({ version: second.folder });
  expect(outcome).toMatchObject({ keptIn: {}, proven: true });
  expect(await production()).toEqual(second.held);
  await restore({ version: outcome.rescue ?? '' });
  expect(await production()).toEqual(first.held);
  await expectStageable();
});

test('one store of it: the others are left, and the drift that this makes is told', async () => {
  const { folder, held } = await saved('of both');
  const before = await production();
  await restore({ version: folder, stores: ['neo4j'] });
  expect(await production()).toEqual({ ...before, neo4j: held.neo4j });
  await expectStageable();
  await base.cypher('MATCH (p:Paragraph) WITH p LIMIT 1 DETACH DELETE p');
  const request = { base: base.settings.base, version: folder, minimumFreeBytes: 1 };
  expect(await planRestore(deps, { ...request, stores: ['qdrant'] })).toMatchObject({ drift: { chapters: 1 } });
  await expect(planRestore(deps, { ...request, stores: ['sqlite'] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await restore({ version: 'baseline' });
  await expectStageable();
});

test('somebody writes while it is saved: nothing is switched, and what he wrote stays', async () => {
  await ingestPast('before the saving');
  const meddled = withMeddling(deps, [
    { before: 'vectors.downloadSnapshot', effect: () => ingestPast('while it is saved') },
  ]);
  expect(await failureOf(restore({ version: 'baseline' }, meddled))).toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringContaining('Somebody wrote to Qdrant and Neo4j') as string,
  });
  const [found] = await base.cypher<{ texts: number }>(
    `MATCH (p:Paragraph) WHERE p.text CONTAINS 'while it is saved' RETURN count(p) AS texts`,
  );
  expect(found?.texts).toBeGreaterThan(0);
  expect(await base.collections()).toEqual(['textbook_chunks']);
});

test('a run that is ended from outside after the commit: the next one makes production latest-copy', async () => {
  const { folder, held } = await saved('a run that dies');
  const begun: { handle?: WorkflowHandle } = {};
  let over = () => undefined as void;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const terminate = async () => {
    await begun.handle?.terminate('killed by the test');
    over();
    throw new Error('this worker is dead');
  };
  const dying = withMeddling(deps, [{ before: 'artifacts.publishLatestCopy', effect: terminate }]);
  begun.handle = await start(dying, { version: folder, acceptDrift: true });
  await ended;
  const dead = (await begun.handle.describe()).runId;
  expect(deps.metadata.journal.find(dead)).toMatchObject({ state: 'committed' });
  expect(await restore({ version: LATEST_COPY }, deps, dead)).toMatchObject({ proven: true, warnings: [] });
  expect(deps.metadata.journal.find(dead)).toMatchObject({ state: 'done' });
  expect(await production()).toEqual(held);
  await expectStageable();
});

describe('refuses, and changes nothing', () => {
  let folder: string;
  let files: string[];
  beforeAll(async () => {
    folder = (await saved('to be refused')).folder;
    files = base.backups().filter((name) => name.startsWith(`${folder}/`));
  });

  const at = (file: string) => join(base.settings.backups, folder, file);
  const plan = (version = folder, of = base.settings.base) =>
    planRestore(deps, { base: of, version, stores: [], minimumFreeBytes: 1 });
  /** With these files out of the folder for a while. */
  async function without(names: string[], work: () => Promise<void>): Promise<void> {
    for (const name of names) renameSync(at(name), join(base.settings.backups, name));
    await work().finally(() => names.forEach((name) => renameSync(join(base.settings.backups, name), at(name))));
  }

  test('it is whole as it is', async () => {
    expect(files).toContain(`${folder}/qdrant.saved.json`);
    expect(await plan()).toMatchObject({ stores: ['qdrant', 'neo4j'], refusals: [] });
  });

  test('one that is not there', async () => {
    const failure = plan('rescue-v1_baseline_20200101_000000-abc');
    await expect(failure).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
  });

  test('one without records, as older ones are', async () => {
    await without(['qdrant.saved.json', 'neo4j.saved.json'], async () => {
      await expect(plan()).rejects.toMatchObject({
        code: 'ARTIFACT_DAMAGED',
        facts: { next: expect.stringContaining('runbook') as string },
      });
    });
  });

  test('one whose saving was broken off', async () => {
    await without(['qdrant.saved.json'], async () => {
      await expect(plan()).rejects.toMatchObject({
        code: 'ARTIFACT_DAMAGED',
        facts: { next: expect.stringContaining('move textbook_chunks.snapshot out') as string },
      });
    });
  });

  test('a file of it that is damaged, and one that is missing', async () => {
    const whole = readFileSync(at('neo4j.jsonl.gz'));
    writeFileSync(at('neo4j.jsonl.gz'), Buffer.concat([whole, Buffer.from('x')]));
    await expect(plan()).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
    rmSync(at('neo4j.jsonl.gz'));
    await expect(plan()).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
    writeFileSync(at('neo4j.jsonl.gz'), whole);
  });

  test('one of another base', async () => {
    await expect(plan(folder, 'another')).rejects.toMatchObject({ code: 'FOREIGN_BASE' });
  });
});
