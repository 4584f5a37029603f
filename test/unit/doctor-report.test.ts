import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDeps } from '../../activities';
import type { Claim } from '../../domain/claim';
import { HybridFlowError, type ErrorCode } from '../../domain/errors';
import { ARTIFACT_FILES, STORE_NAMES } from '../../domain/names';
import type { SwitchEntry } from '../../domain/switch-journal';
import { LATEST_COPY } from '../../domain/version-id';
import { examine, type ChangeSeen, type DoctorReport, type TemporalSeen } from '../../inspection/doctor';
import type { RunRef } from '../../inspection/holders';
import { BASELINE, RestoreWorld } from '../support/fakes/restore-world';

const SECOND = 'v2_minor_20260102_000000';
const AT = '2026-01-02T00:00:00.000Z';
const FILES = { sqlite: ARTIFACT_FILES.metadata, qdrant: ARTIFACT_FILES.qdrant, neo4j: ARTIFACT_FILES.neo4j };

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'hfv-doctor-'))));
afterEach(() => rmSync(root, { recursive: true }));

/** A base with a baseline and a second version that production is; the artifacts lie on disk, a byte each. */
function twoVersions(): { world: RestoreWorld; deps: ActivityDeps } {
  const world = new RestoreWorld();
  world.register(SECOND);
  world.seal(SECOND, 'second');
  world.seal(LATEST_COPY, 'second', { versionId: SECOND });
  world.journal.entries.push(entry({ state: 'done' }));
  const deps = world.deps();
  deps.artifacts.pathOf = (folder, file = '') => join(root, folder, file);
  for (const folder of [BASELINE, SECOND, LATEST_COPY]) {
    mkdirSync(join(root, folder));
    for (const store of STORE_NAMES) writeFileSync(join(root, folder, FILES[store]), 'x');
  }
  return { world, deps };
}

function entry(more: Partial<SwitchEntry>): SwitchEntry {
  return {
    ...{ id: 1, kind: 'promote', versionId: SECOND, previousVersionId: BASELINE, stores: [...STORE_NAMES] },
    ...{ state: 'done', details: {}, workflowId: 'w', runId: 'run-2', startedAt: AT, committedAt: AT, endedAt: AT },
    ...more,
  };
}

const UP: TemporalSeen = {
  service: { name: 'Temporal', up: true, found: 'a:1' },
  change: null,
  unpolled: [],
  isOpen: async () => false,
};
const DOWN: TemporalSeen = {
  service: { name: 'Temporal', up: false, found: 'nobody there' },
  change: null,
  unpolled: null,
  isOpen: async () => undefined,
};
const change = (more: Partial<ChangeSeen> = {}): ChangeSeen => ({
  ...{ workflowId: 'w', runId: 'run-3', type: 'publishVersion', startedAt: 'T', url: null, versionId: 'v3' },
  ...{ phase: 'staging', staging: null, failing: [], details: 'Asked for by me.' },
  ...more,
});

interface Asking {
  temporal?: TemporalSeen;
  deep?: boolean;
  timeoutMs?: number;
}

function ask(deps: ActivityDeps, { temporal = UP, ...more }: Asking = {}): Promise<DoctorReport> {
  return examine(deps, temporal, { base: 'test', secrets: ['s3cret'], retention: deps.retention, ...more });
}

const outage = (code: ErrorCode) => () => {
  throw new HybridFlowError(code, { found: 'bolt://neo4j:pw@db does not answer, said s3cret' });
};

test('a quiet base: what is current, what was last good, and nothing to do', async () => {
  const { deps } = twoVersions();
  const report = await ask(deps);
  expect(report).toMatchObject({
    verdict: 'quiet',
    condition: 'healthy',
    command: 'hfv versions',
    current: { versionId: SECOND },
    lastGood: { versionId: SECOND, by: 'sizes' },
    latestCopy: { state: 'sound', sameAs: SECOND },
    holders: [],
    notes: [],
  });
  expect(report.services.map(({ name, up }) => [name, up])).toEqual([
    ['metadata.db', true],
    ['Qdrant', true],
    ['Neo4j', true],
    ['backups', true],
    ['Temporal', true],
  ]);
});

test('a damaged artifact of the current version: the last good one is the one before, and verify is next', async () => {
  const { deps } = twoVersions();
  writeFileSync(join(root, SECOND, FILES.qdrant), 'xy');
  const report = await ask(deps);
  expect(report).toMatchObject({
    verdict: 'the current version is damaged',
    command: `hfv verify ${SECOND}`,
    lastGood: { versionId: BASELINE },
  });
  expect(report.versions.find(({ versionId }) => versionId === SECOND)?.problems).toEqual([
    expect.stringMatching(/textbook_chunks\.snapshot: wrong size/),
  ]);
});

test('a byte that is another one shows with deep only', async () => {
  const { deps } = twoVersions();
  deps.artifacts.digest = async (folder, file) => ({
    path: file,
    bytes: 1,
    sha256: (folder === SECOND ? 'b' : 'a').repeat(64),
  });
  expect((await ask(deps)).verdict).toBe('quiet');
  const report = await ask(deps, { deep: true });
  expect(report).toMatchObject({
    verdict: 'the current version is damaged',
    lastGood: { versionId: BASELINE, by: 'bytes' },
  });
});

test('latest-copy that is gone, or not whole', async () => {
  const { world, deps } = twoVersions();
  rmSync(join(root, LATEST_COPY, FILES.neo4j));
  expect(await ask(deps)).toMatchObject({ verdict: 'latest-copy is damaged', latestCopy: { state: 'damaged' } });
  world.folders.delete(LATEST_COPY);
  expect(await ask(deps)).toMatchObject({ verdict: 'latest-copy is missing', command: `hfv verify ${SECOND}` });
});

test('production that holds less than its version says', async () => {
  const { world, deps } = twoVersions();
  world.points -= 1;
  expect(await ask(deps)).toMatchObject({ verdict: 'production differs', command: 'hfv validate' });
});

test.each<[SwitchEntry['state'], string]>([
  ['switching', 'half switched, to be taken back'],
  ['committed', 'switched, to be driven forward'],
])('a switch that is %s, and whose run is dead', async (state, verdict) => {
  const { world, deps } = twoVersions();
  world.journal.entries.push(entry({ id: 2, state, runId: 'run-9' }));
  const asked: RunRef[] = [];
  const isOpen = async (run: RunRef) => {
    asked.push(run);
    return false;
  };
  const report = await ask(deps, { temporal: { ...UP, isOpen } });
  expect(report).toMatchObject({ verdict, command: 'hfv rollback --continue', switch: { runId: 'run-9' } });
  expect(report.holders).toEqual([expect.stringContaining(`as ${state} since ${AT}, by run run-9, which is dead`)]);
  expect(asked).toContainEqual(expect.objectContaining({ workflowId: 'w', runId: 'run-9' }));
});

test('the same switch of the run that is at work is no matter for anybody', async () => {
  const { world, deps } = twoVersions();
  world.journal.entries.push(entry({ id: 2, state: 'switching', runId: 'run-3' }));
  expect(await ask(deps, { temporal: { ...UP, change: change() } })).toMatchObject({
    verdict: 'a change is running',
    facts: { unfinished: 'none' },
  });
  // An undo of it, under an id of its own, is work as well.
  expect(await ask(deps, { temporal: { ...UP, isOpen: async () => true } })).toMatchObject({
    verdict: 'a change is running',
    command: 'hfv watch',
  });
});

test('what a dead run claimed, with and without a rollback begun', async () => {
  const { world, deps } = twoVersions();
  const claim: Claim = {
    ...{ base: 'test', namespace: 'n', workflowId: 'w', runId: 'run-9', versionId: 'v3_minor_20260103_000000' },
    ...{ label: 'v3_minor', claimedAt: 'T' },
  };
  world.claim = claim;
  expect(await ask(deps)).toMatchObject({ verdict: 'a dead run left its claim', command: 'hfv rollback --continue' });
  world.register(claim.versionId);
  Object.assign(world.registry.find(claim.versionId) ?? {}, { status: 'rolling_back', runId: 'run-9' });
  expect((await ask(deps)).verdict).toBe('a rollback left something');
  // Somebody else's namespace: nobody here can say.
  const unsure = { ...UP, isOpen: async () => undefined };
  expect(await ask(deps, { temporal: unsure })).toMatchObject({
    verdict: 'nobody can say who is at work',
    condition: 'needs operator',
  });
});

test.each<[string, Partial<ChangeSeen>, Partial<TemporalSeen>]>([
  ['a change is running', {}, {}],
  ['a staging is open', { staging: { stage: 'open' } as ChangeSeen['staging'] }, {}],
  ['a staging waits for approval', { staging: { stage: 'waiting for approval' } as ChangeSeen['staging'] }, {}],
  ['the change has no worker', {}, { unpolled: ['hybridflow.files'] }],
  ['the change stands still', { failing: [{ activity: 'switchGraph', attempt: 3, error: 'no' }] }, {}],
  ['a change is running', { failing: [{ activity: 'switchGraph', attempt: 2, error: 'a hiccup' }] }, {}],
])('%s: %j', async (verdict, more, temporal) => {
  const { deps } = twoVersions();
  const report = await ask(deps, { temporal: { ...UP, ...temporal, change: change(more) } });
  expect(report).toMatchObject({ verdict, change: { runId: 'run-3', details: 'Asked for by me.' } });
});

describe('with something down', () => {
  test('Temporal: everything else is told, and nobody says that a run is dead', async () => {
    const { world, deps } = twoVersions();
    world.journal.entries.push(entry({ id: 2, state: 'switching', runId: 'run-9' }));
    const report = await ask(deps, { temporal: DOWN });
    expect(report).toMatchObject({
      verdict: 'Temporal is down',
      condition: 'unreachable',
      current: { versionId: SECOND },
      lastGood: { versionId: SECOND },
    });
    expect(report.holders).toEqual([expect.stringContaining('nobody can say whether it is at work')]);
  });

  test.each(['vectors', 'graph'] as const)(
    '%s: it is named, without secrets, and the versions are told',
    async (store) => {
      const { deps } = twoVersions();
      if (store === 'vectors') deps.vectors.status = outage('QDRANT_UNREACHABLE');
      else deps.graph.paragraphs = outage('NEO4J_UNREACHABLE');
      const report = await ask(deps);
      expect(report).toMatchObject({ verdict: 'a store is down', condition: 'unreachable', command: 'hfv up' });
      const down = report.services.filter(({ up }) => !up);
      expect(down).toHaveLength(1);
      expect(down[0]?.found).toContain('does not answer, said ***');
      expect(down[0]?.found).not.toContain('pw@');
      expect(report.lastGood?.versionId).toBe(SECOND);
    },
  );

  test('one that takes the call and says nothing is given up', async () => {
    const { deps } = twoVersions();
    deps.vectors.status = () => new Promise<never>(() => undefined);
    const report = await ask(deps, { timeoutMs: 20 });
    expect(report.services.find(({ name }) => name === 'Qdrant')?.found).toContain('did not answer within');
  });

  test.each<[ErrorCode, string]>([
    ['METADATA_DB_MISSING', 'metadata.db is lost'],
    ['METADATA_DB_INVALID', 'metadata.db is lost'],
    ['METADATA_DB_BUSY', 'metadata.db is locked'],
  ])('metadata.db, %s: the last good version is found by what lies in the backups', async (code, verdict) => {
    const { deps } = twoVersions();
    deps.metadata.registry = new Proxy(deps.metadata.registry, { get: () => outage(code) });
    const report = await ask(deps);
    expect(report).toMatchObject({ verdict, current: null, lastGood: { versionId: SECOND } });
  });

  test('everything at once', async () => {
    const { deps } = twoVersions();
    deps.metadata.registry = new Proxy(deps.metadata.registry, { get: () => outage('METADATA_DB_INVALID') });
    deps.vectors.status = outage('QDRANT_UNREACHABLE');
    deps.graph.paragraphs = outage('NEO4J_UNREACHABLE');
    for (const name of ['readManifest', 'readClaim', 'freeBytes', 'listVersions'] as const) {
      deps.artifacts[name] = outage('BACKUPS_UNWRITABLE');
    }
    const report = await ask(deps, { temporal: DOWN });
    expect(report).toMatchObject({ verdict: 'metadata.db cannot be read', lastGood: null });
    expect(report.services.filter(({ up }) => up)).toEqual([]);
  });
});
