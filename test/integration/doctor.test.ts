import { randomUUID } from 'node:crypto';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { runProgram } from '../../client/program';
import { withStores } from '../../client/stores';
import type { World } from '../../client/context';
import type { Manifest } from '../../domain/manifest';
import { changeWorkflowId, TASK_QUEUE } from '../../domain/names';
import type { DoctorReport } from '../../inspection/doctor';
import type { Stores } from '../../stores/ports';
import { TestBase } from '../support/base';
import { connectLive, type Live } from '../support/live';
import { sealVersion } from '../support/sealed';
import { until } from '../support/until';

jest.setTimeout(180_000);

const VERSION = 'v1_baseline_20260102_030405';
const PARAGRAPHS = 60;
const NOWHERE = '127.0.0.1:9';

let live: Live;
let base: TestBase;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, name: 'test' });
  await live.work(base.settings, TASK_QUEUE);
});
afterAll(async () => {
  await live?.close().finally(() => base?.close());
});

const using = <T>(work: (stores: Stores) => Promise<T>) => withStores({ settings: () => base.settings }, work);

/** Whatever the doctor could have written: rows, files, collections. */
const everything = () =>
  using(async ({ metadata }) => [(await metadata.mark()).value, base.backups(), await base.collections()]);

async function doctor(...flags: string[]): Promise<{ exit: number; report: DoctorReport }> {
  let stdout = '';
  const keep = { write: (text: string) => void (stdout += text) };
  const world: World = {
    ...{ stdout: keep, stderr: { write: () => undefined }, cwd: live.stack.root },
    env: { HYBRIDFLOW_STACK_ENV: live.stack.envFile },
  };
  const before = await everything();
  const exit = await runProgram(['--base', base.settings.base, 'doctor', '--json', ...flags], world);
  expect(await everything()).toEqual(before);
  return { exit, report: JSON.parse(stdout) as DoctorReport };
}

const told = async (...flags: string[]) => {
  const { exit, report } = await doctor(...flags);
  return [exit, report.verdict, report.command];
};

async function register(): Promise<void> {
  await using(async (stores) => {
    await sealVersion(stores, VERSION);
    const file = base.backup(VERSION, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    const counts = { chapters: stores.metadata.chapters().length, points: PARAGRAPHS, paragraphs: PARAGRAPHS };
    Object.assign(manifest.counts, counts);
    writeFileSync(file, JSON.stringify(manifest));
    const lease = { notAfter: Date.now() + 60_000 };
    stores.metadata.createTables(lease);
    const { registry } = stores.metadata;
    const version = { versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: PARAGRAPHS };
    registry.registerBaseline(version, lease);
    const at = new Date().toISOString();
    const operation = { type: 'commit', status: 'success' as const, details: {}, startedAt: at, completedAt: at };
    registry.commit(VERSION, 'me', operation, lease);
  });
}

test('from the first look at a base to a sound version, and what may go wrong with it', async () => {
  // A worker that was just started has not asked for work yet.
  await until('a worker that polls', doctor, ({ report }) => report.facts.workers === 'polling');
  expect(await told()).toEqual([0, 'no versions yet', 'hfv plan']);
  await register();
  const { exit, report } = await doctor();
  expect([exit, report.verdict, report.current?.versionId]).toEqual([0, 'quiet', VERSION]);
  expect(report).toMatchObject({ lastGood: { versionId: VERSION, by: 'sizes' }, latestCopy: { sameAs: VERSION } });
  expect((await doctor('--deep')).report.lastGood).toEqual({ versionId: VERSION, by: 'bytes' });

  const snapshot = base.backup(VERSION, 'neo4j.jsonl.gz');
  const bytes = readFileSync(snapshot);
  truncateSync(snapshot, statSync(snapshot).size - 1);
  expect(await told()).toEqual([5, 'the current version is damaged', `hfv verify ${VERSION}`]);
  writeFileSync(snapshot, bytes);

  await base.cypher('MATCH (p:Paragraph) WITH p LIMIT 1 SET p:Aside REMOVE p:Paragraph');
  expect(await told()).toEqual([5, 'production differs', 'hfv validate']);
  await base.cypher('MATCH (p:Aside) SET p:Paragraph REMOVE p:Aside');

  // A run that no Temporal knows of has ended.
  const runId = randomUUID();
  const claim = { base: 'test', workflowId: changeWorkflowId('test'), runId, versionId: VERSION, label: 'v1_baseline' };
  await using(({ artifacts }) => artifacts.claim({ ...claim, claimedAt: new Date().toISOString() }));
  expect(await told()).toEqual([4, 'a dead run left its claim', 'hfv rollback --continue']);
  await using(({ artifacts }) => artifacts.releaseClaim(runId));
  expect(await told()).toEqual([0, 'quiet', 'hfv versions']);
});

test.each([
  [['--temporal-address', NOWHERE], 'Temporal is down', ['Temporal']],
  [['--neo4j-uri', `bolt://${NOWHERE}`], 'a store is down', ['Neo4j']],
  [['--qdrant-url', `http://${NOWHERE}`], 'a store is down', ['Qdrant']],
  [
    ['--temporal-address', NOWHERE, '--neo4j-uri', `bolt://${NOWHERE}`, '--qdrant-url', `http://${NOWHERE}`],
    'Temporal is down',
    ['Qdrant', 'Neo4j', 'Temporal'],
  ],
])('%j: %s', async (flags, verdict, names) => {
  const { exit, report } = await doctor(...flags);
  expect([exit, report.verdict]).toEqual([8, verdict]);
  expect(report.services.filter(({ up }) => !up).map(({ name }) => name)).toEqual(names);
});

test('without metadata.db what lies in the backups speaks', async () => {
  const { exit, report } = await doctor('--metadata-db', '/nowhere/metadata.db');
  expect([exit, report.verdict, report.command]).toEqual([5, 'metadata.db is lost', 'hfv verify latest-copy']);
  expect(report.lastGood?.versionId).toBe(VERSION);
});
