import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { ARTIFACT_FILES, SEARCH_ATTRIBUTES } from '../../domain/names';
import type { RetentionInput, WindowApplied } from '../../domain/retention';
import type { applyRetention } from '../../workflows';
import { archived } from '../support/fakes/archive';
import { FakeWorld } from '../support/fake-world';
import { failureOf } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(60_000);

const fakes = fakeWorkers('retention', () => new FakeWorld().deps());

const idOf = (number: number) =>
  number === 1 ? 'v1_baseline_20260101_000001' : `v${number}_minor_20260101_00000${number}`;
const AT = '2026-01-01T00:00:00.000Z';

/** Committed versions 1 to `newest`, each with its folder sealed. */
async function worldOf(newest: number): Promise<{ world: FakeWorld; deps: ActivityDeps; labelsRemoved: string[] }> {
  const world = new FakeWorld();
  world.tables = 'ours';
  const deps = world.deps();
  for (let number = 1; number <= newest; number += 1) {
    const versionId = idOf(number);
    const row = world.registry.open({
      versionId,
      workflowId: 'w',
      runId: `r${number}`,
      chapterCount: 3,
      paragraphCount: 25,
    });
    Object.assign(row, { status: 'committed', updatedAt: new Date().toISOString() });
    await sealed(deps, versionId, `r${number}`);
  }
  deps.metadata.journal.current = () => ({ versionId: idOf(newest), since: AT });
  const labelsRemoved: string[] = [];
  deps.graph.removeLabel = async (label) => labelsRemoved.push(label);
  return { world, deps, labelsRemoved };
}

async function sealed({ artifacts }: ActivityDeps, versionId: string, runId: string): Promise<void> {
  const files = { sqlite: ARTIFACT_FILES.metadata, qdrant: ARTIFACT_FILES.qdrant, neo4j: ARTIFACT_FILES.neo4j };
  await artifacts.openFolder(versionId, runId);
  for (const file of Object.values(files)) await artifacts.write(versionId, file, async () => undefined);
  const captured = {
    bytes: 1,
    sha256: 'a'.repeat(64),
    capturedFrom: AT,
    capturedTo: AT,
    counts: {},
    serverVersion: '1',
  };
  const stores = ['sqlite', 'qdrant', 'neo4j'] as const;
  const manifest: Manifest = {
    ...{ format: 'hybridflow-version/1', versionId, base: 'test', createdAt: AT, workflowId: 'w', runId },
    counts: { chapters: 3, chaptersPerTextbook: {}, points: 1, paragraphs: 1, nodes: 1, relationships: 1 },
    qdrant: { name: 'a', collection: 'a', aliases: [], config: {}, payloadSchema: {} },
    artifacts: stores.map((store) => ({ store, file: files[store], ...captured })),
  };
  await artifacts.seal(versionId, manifest);
}

function start(deps: ActivityDeps, input?: RetentionInput | null) {
  return fakes.start<typeof applyRetention>('applyRetention', deps, input === undefined ? [] : [input]);
}
const apply = async (deps: ActivityDeps, input: RetentionInput = {}): Promise<WindowApplied> =>
  (await start(deps, input)).result();
const statuses = ({ registry }: FakeWorld) => registry.rows.map(({ status }) => status);

test('archives what is beyond the window: files, labels, row; logs it, and shows it', async () => {
  const { world, deps, labelsRemoved } = await worldOf(8);
  const handle = await start(deps, { base: 'test', startedBy: 'me' });
  const applied = await handle.result();
  expect(applied).toMatchObject({
    ...{ base: 'test', emergency: false, startedBy: 'me', warnings: [], deleted: [] },
    archived: [idOf(2), idOf(3)],
    leftovers: { counts: { swept: 0, waiting: 0, reported: 0 } },
  });
  expect(applied.freedBytes).toBe(2 * 4 * 90);
  expect(labelsRemoved).toEqual(['v2_minor', 'v3_minor']);
  expect([...world.folders.keys()].sort()).toEqual([
    archived(idOf(2)),
    archived(idOf(3)),
    idOf(1),
    ...[4, 5, 6, 7, 8].map(idOf),
  ]);
  expect(statuses(world)).toEqual(['committed', 'archived', 'archived', ...Array<string>(5).fill('committed')]);
  expect(world.registry.log).toMatchObject([
    { versionId: null, operation: { type: 'retention', status: 'success', details: { archived: [idOf(2), idOf(3)] } } },
  ]);
  const [json = '', markdown = ''] = [...world.reports.keys()];
  expect(json).toMatch(new RegExp(`^${idOf(8)}/retention-\\d{8}T\\d{6}Z-[-0-9a-f]{36}\\.json$`));
  expect(applied.reportPath).toBe(`/backups/reports/${markdown}`);
  expect(JSON.parse(world.reports.get(json) ?? '')).toMatchObject({
    ...{ format: 'hybridflow-retention-report/1', base: 'test', startedBy: 'me', archived: [idOf(2), idOf(3)] },
    ...{ workflowId: handle.workflowId, freedBytes: applied.freedBytes },
  });
  expect(world.reports.get(markdown)).toMatch(new RegExp(`started by me[^]*archived \`${idOf(2)}\``));
  const { typedSearchAttributes: shown } = await handle.describe();
  expect(shown.get(defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome, SearchAttributeType.KEYWORD))).toBe('applied');
});

test('applied again it does nothing, and says so in the log', async () => {
  const { world, deps } = await worldOf(7);
  expect((await apply(deps)).archived).toEqual([idOf(2)]);
  Object.assign(world.registry.find(idOf(2)) ?? {}, { updatedAt: new Date().toISOString() });
  expect(await apply(deps)).toMatchObject({ archived: [], deleted: [], left: [], warnings: [] });
});

test('a schedule that finds nothing to do writes no report; a person who asks is told, and old ones make way', async () => {
  const { world, deps } = await worldOf(3);
  expect((await apply(deps, { startedBy: 'schedule' })).reportPath).toBeUndefined();
  expect(world.reports.size).toBe(0);
  for (let nth = 0; nth < 50; nth += 1) {
    for (const kind of ['json', 'md'])
      world.reports.set(`${idOf(3)}/retention-20250101T0000${10 + nth}Z-x.${kind}`, '');
  }
  const { reportPath = '' } = await apply(deps, { startedBy: 'me' });
  const kept = [...world.reports.keys()];
  expect([kept.length, kept.some((name) => reportPath.endsWith(name))]).toEqual([100, true]);
  expect(kept.some((name) => name.includes('T000010Z'))).toBe(false);
});

test('a report that cannot be written is a warning, and the window is applied and logged all the same', async () => {
  const { world, deps } = await worldOf(7);
  deps.artifacts.writeReport = () => Promise.reject(new Error('disk full, said s3cret'));
  const applied = await apply(deps);
  expect(applied).toMatchObject({ archived: [idOf(2)], warnings: ['the report was not written: disk full, said ***'] });
  expect(world.registry.log).toMatchObject([{ operation: { type: 'retention', status: 'success' } }]);
});

test('a damaged version and one that a change uses stay, and keep none of the others', async () => {
  const { world, deps } = await worldOf(9);
  world.folders.get(idOf(2))?.files.add('damaged');
  world.claim = { base: 'test', workflowId: 'w', runId: 'x', versionId: idOf(3), label: 'v3_minor', claimedAt: AT };
  const applied = await apply(deps);
  expect(applied.archived).toEqual([idOf(4)]);
  expect(applied.left[0]).toMatchObject({ versionId: idOf(2), state: 'kept', reason: 'one byte is not right' });
  expect(applied.warnings).toEqual([`${idOf(2)} stays: one byte is not right`]);
  expect(applied.kept.find(({ versionId }) => versionId === idOf(3))?.rule).toBe('in use');
  expect(world.registry.log).toMatchObject([{ operation: { type: 'retention', status: 'failed' } }]);
});

test('what a change begins to use while it is being archived stays where it is', async () => {
  const { world, deps } = await worldOf(7);
  const { archive } = deps.artifacts;
  deps.artifacts.archive = async (versionId, runId, mayStill) => {
    world.claim = { base: 'test', workflowId: 'w', runId: 'x', versionId, label: 'v2_minor', claimedAt: AT };
    return archive(versionId, runId, mayStill);
  };
  const applied = await apply(deps);
  expect(applied.left).toMatchObject([{ versionId: idOf(2), state: 'kept', reason: 'a change is claimed for it' }]);
  expect([world.folders.has(idOf(2)), statuses(world)[1]]).toEqual([true, 'committed']);
});

test('killed between the files and the row, the next attempt completes it', async () => {
  const { world, deps } = await worldOf(7);
  const { move } = world.registry;
  let failures = 1;
  deps.metadata.registry.move = (...args) => {
    if (failures-- > 0) throw new HybridFlowError('METADATA_DB_BUSY', { found: 'locked' });
    return move.apply(world.registry, args);
  };
  expect((await apply(deps)).archived).toEqual([idOf(2)]);
  expect([world.folders.has(archived(idOf(2))), statuses(world)[1]]).toEqual([true, 'archived']);
});

test('an attempt whose answer was lost is told as what it did', async () => {
  const { world, deps } = await worldOf(7);
  const { move } = world.registry;
  let failures = 1;
  deps.metadata.registry.move = (...args) => {
    const row = move.apply(world.registry, args);
    row.updatedAt = new Date().toISOString();
    if (failures-- > 0) throw new HybridFlowError('METADATA_DB_BUSY', { found: 'the answer was lost' });
    return row;
  };
  expect(await apply(deps)).toMatchObject({ archived: [idOf(2)], warnings: [] });
});

test('in an emergency everything beyond three is deleted at once, the archived too', async () => {
  const { world, deps, labelsRemoved } = await worldOf(7);
  const fresh = () => world.registry.rows.forEach((row) => (row.updatedAt = new Date().toISOString()));
  await apply(deps);
  fresh();
  const applied = await apply(deps, { emergency: true });
  expect(applied).toMatchObject({ emergency: true, deleted: [2, 3, 4].map(idOf), archived: [], warnings: [] });
  expect([...world.folders.keys()].sort()).toEqual([1, 5, 6, 7].map(idOf));
  expect(statuses(world)).toEqual([
    'committed',
    'archived',
    'archived',
    'archived',
    'committed',
    'committed',
    'committed',
  ]);
  expect(labelsRemoved).toEqual(['v2_minor', 'v2_minor', 'v3_minor', 'v4_minor']);
  expect(await apply(deps, { emergency: true })).toMatchObject({ left: [] });
});

test('where Neo4j does not answer the versions leave all the same, with a warning', async () => {
  const { deps } = await worldOf(7);
  deps.graph.removeLabel = () => Promise.reject(new HybridFlowError('NEO4J_REFUSED', { found: 'no' }));
  const applied = await apply(deps);
  expect(applied.archived).toEqual([idOf(2)]);
  expect(applied.warnings).toEqual([expect.stringMatching(/remove the label v2_minor: NEO4J_REFUSED/)]);
});

test('a base without versions is a window without work', async () => {
  const world = new FakeWorld();
  expect(await apply(world.deps())).toMatchObject({ left: [], kept: [], warnings: [] });
  expect(world.registry.log).toEqual([]);
});

test.each<[unknown, string]>([
  [{ base: 'another' }, 'CONFIG_INVALID'],
  [{ base: 7 }, 'CONFIG_INVALID'],
  [{ emergency: 'yes' }, 'CONFIG_INVALID'],
])('refuses %j', async (input, code) => {
  const { world, deps } = await worldOf(7);
  const handle = await start(deps, input as RetentionInput);
  expect((await failureOf(handle.result())).code).toBe(code);
  expect(statuses(world)).toEqual(Array(7).fill('committed'));
});

test.each([undefined, null])('takes %j for an input without wishes', async (input) => {
  expect(await (await start((await worldOf(2)).deps, input)).result()).toMatchObject({ startedBy: 'applyRetention' });
});
