import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitOf } from '../../../client/commands/plan';
import { runProgram } from '../../../client/program';
import { renderPlan } from '../../../client/render/plan';
import type { Session } from '../../../client/temporal';
import type { ErrorView } from '../../../client/render/error';
import type { RegisterBaselineInput } from '../../../domain/baseline';
import type { MigrationPlan } from '../../../domain/plan';
import { ANSI, fakeWorld, painted, plain } from './support';

const HASH = '0123456789abcdef'.repeat(4);

const plan: MigrationPlan = {
  format: 'hybridflow-plan/1',
  base: 'kb',
  takenAt: '2026-01-01T00:00:00.000Z',
  hash: HASH,
  label: 'v1_baseline',
  inventory: {
    takenAt: '2026-01-01T00:00:00.000Z',
    sqlite: {
      path: '/data/metadata.db',
      bytes: 76_000,
      sqliteVersion: '3.50',
      chapters: 220,
      perTextbook: { bailey: 92, sabiston: 128 },
    },
    qdrant: {
      name: 'live',
      collection: 'textbook_chunks',
      aliases: [{ alias: 'live', collection: 'textbook_chunks' }],
      status: 'green',
      points: 36_216,
      dimension: 768,
      serverVersion: '1.18.2',
    },
    neo4j: {
      edition: 'community',
      serverVersion: '5.26.0',
      nodes: 107_000,
      relationships: 109_110,
      paragraphs: 36_216,
      alreadyLabelled: 0,
      withoutChunkId: 0,
    },
  },
  perTextbook: { qdrant: { bailey: 20_000, '(other)': 16_216 }, neo4j: null },
  tables: [{ name: 'version_registry', state: 'absent', rows: 0, differences: [] }],
  disk: { path: '/backups', freeBytes: 80e9, neededBytes: 500e6 },
  predictedBytes: { sqlite: 152e3, qdrant: 160e6, neo4j: 26e6, total: 186.152e6 },
  batches: { size: 1_000, count: 37 },
  writers: [],
  heldBy: null,
  estimate: [
    { phase: 'latest-copy', seconds: 7.3 },
    { phase: 'label addition', seconds: 1 },
  ],
  refusals: [],
  warnings: [],
  existing: null,
};
const shown = (overrides: Partial<MigrationPlan> = {}, batchSize?: number) =>
  renderPlan({ ...plan, ...overrides }, batchSize, plain);

describe('a plan for people', () => {
  test('tells what is there, what would be made, and how to start it', () => {
    const text = shown();
    for (const part of [
      '36,216 points of 768 dimensions, green',
      '36,216 paragraphs, 107,000 nodes, 109,110 relationships',
      'bailey: 92 chapters, 20,000 points\n',
      'live -> textbook_chunks',
      'version_registry to be created',
      'about 186 MB',
      '80 GB free at /backups, 500 MB needed',
      '37 batches of 1,000 paragraphs',
      '8.3 s: latest-copy 7.3 s, label addition 1.0 s',
      'none were seen',
      `hfv migrate --plan ${HASH}\n`,
    ]) {
      expect(`${text}\n`).toContain(part);
    }
    expect(text).not.toContain(ANSI);
    expect(renderPlan(plan, undefined, painted)).toContain(ANSI);
  });

  test('repeats the batch size that was asked for, since it is part of the plan', () => {
    expect(shown({}, 500)).toContain(`hfv migrate --plan ${HASH} --batch-size 500`);
  });

  test('names every refusal, warning and writer, and then offers no start', () => {
    const text = shown({
      refusals: [
        { code: 'LABEL_IN_USE', found: '3 nodes carry it', next: 'remove it' },
        { code: 'DISK_TOO_SMALL', found: 'too small', next: null },
      ],
      warnings: ['bailey has 1 points and 2 paragraphs'],
      writers: [{ store: 'neo4j', what: 'transaction 7 has written', since: null }],
      heldBy: 'the write fence is held by ingest',
    });
    for (const part of [
      'refused LABEL_IN_USE: 3 nodes carry it',
      'remove it',
      'refused DISK_TOO_SMALL: too small',
      'warning bailey has 1 points and 2 paragraphs',
      'neo4j: transaction 7 has written',
      'the write fence is held by ingest',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('hfv migrate --plan');
  });

  test('with a baseline there is nothing to do', () => {
    const text = shown({ existing: 'v1_baseline_20260101_000000' });
    expect(text).toContain('Nothing to do: kb has its baseline, v1_baseline_20260101_000000');
    expect(text).not.toContain('hfv migrate --plan');
  });

  test('many textbooks are cut short', () => {
    const perTextbook = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`book${i}`, 1]));
    const inventory = { ...plan.inventory, sqlite: { ...plan.inventory.sqlite, perTextbook } };
    const text = shown({ inventory, perTextbook: { qdrant: null, neo4j: null } });
    expect(text.match(/book\d+: 1 chapter$/gm)).toHaveLength(12);
    expect(text).toContain('and 18 more');
  });
});

test.each([
  ['BASE_BUSY', 6],
  ['CHECK_FAILED', 5],
  ['DISK_TOO_SMALL', 2],
] as const)('the first refusal, %s, decides the exit code: %d', (code, exit) => {
  const other = { code: 'SCHEMA_CONFLICT', found: '', next: null } as const;
  expect(exitOf({ refusals: [{ code, found: '', next: null }, other] })).toBe(exit);
  expect(exitOf({ refusals: [] })).toBe(0);
});

const folder = () => mkdtempSync(join(tmpdir(), 'hfv-plan-'));

test.each([
  [['plan', '--watch', '-1'], /0 or more/],
  [['plan', '--batch-size', '0'], /at least 1/],
  [['migrate', '--plan', 'abc'], /64 hex digits/],
  [['migrate', '--confirm', 'hope'], /Allowed choices are restore, hash/],
])('%j is a usage error', async (argv, message) => {
  const world = fakeWorld({ cwd: folder() });
  expect(await runProgram(argv, world)).toBe(2);
  expect(world.printed.stderr).toMatch(message);
});

test('a metadata.db that is missing is told as such, and nothing is made in its place', async () => {
  const cwd = folder();
  const world = fakeWorld({ cwd, env: { NEO4J_PASSWORD: 'unused' } });
  expect(await runProgram(['plan', '--json', '--watch', '0'], world)).toBe(2);
  expect(JSON.parse(world.printed.stdout) as ErrorView).toMatchObject({ error: { code: 'METADATA_DB_MISSING' } });
  expect(readdirSync(cwd)).toEqual([]);
});

test('what migrate was told goes into the input of the run', async () => {
  const inputs: RegisterBaselineInput[] = [];
  const session = {
    client: {
      workflow: {
        start: async (_: string, { args }: { args: [RegisterBaselineInput] }) => {
          inputs.push(args[0]);
          throw new Error('far enough');
        },
      },
    },
    explain: (error: unknown) => error,
    close: async () => undefined,
  } as unknown as Session;
  const world = fakeWorld({ cwd: folder(), connect: async () => session });
  await runProgram(['migrate', '--plan', HASH.toUpperCase(), '--confirm', 'hash', '--git-tag'], world);
  expect(inputs).toMatchObject([{ planHash: HASH, confirm: 'hash', gitTag: true }]);
});
