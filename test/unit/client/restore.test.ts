import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { addRestore, exitOf } from '../../../client/commands/restore';
import { Context } from '../../../client/context';
import type { Host } from '../../../client/host';
import { storesAsked } from '../../../client/restore';
import { renderRestoreOutcome } from '../../../client/render/restore';
import { renderRestorePlan } from '../../../client/render/restore-plan';
import type { Session } from '../../../client/temporal';
import type { RestoreOutcome, RestorePlan } from '../../../domain/restore';
import { fakeWorld, plain } from './support';

const V1 = 'v1_baseline_20260101_000000';
const V2 = 'v2_minor_20260102_000000';

const plan: RestorePlan = {
  format: 'hybridflow-restore-plan/1',
  base: 'kb',
  takenAt: '2026-01-03T00:00:00.000Z',
  source: { asked: 'baseline', folder: V1, versionId: V1, recovery: null },
  current: V2,
  stores: ['sqlite', 'neo4j'],
  production: {
    fingerprints: { sqlite: '1'.repeat(64), qdrant: '2'.repeat(64), neo4j: '3'.repeat(64) },
    marks: { qdrant: null, neo4j: null },
  },
  changes: [
    {
      ...{ store: 'sqlite', same: true, bytes: 70_000, keptIn: V2, others: [] },
      chapters: { added: 0, changed: 0, removed: 0 },
      samples: { added: [], changed: [], removed: [] },
    },
    {
      ...{ store: 'neo4j', same: false, bytes: 26e6, keptIn: null, others: ['(relationships)'] },
      chapters: { added: 1, changed: 12, removed: 3 },
      samples: { added: ['bailey:ch60'], changed: ['bailey:ch1'], removed: [] },
    },
  ],
  drift: {
    chapters: 13,
    chunks: 1034,
    samples: [{ chapter: 'bailey:ch1', store: 'qdrant', version: null, production: 12 }],
    others: ['qdrant (no chapter)'],
  },
  disk: { path: '/backups', freeBytes: 80e9, neededBytes: 500e6 },
  heldBy: null,
  refusals: [],
  warnings: ['the stores will disagree'],
};

const outcome: RestoreOutcome = {
  ...{ outcome: 'restored', base: 'kb', versionId: V1, asked: 'latest-copy', from: V1, startedBy: 'ada', why: null },
  ...{
    stores: ['sqlite', 'qdrant', 'neo4j'],
    previousVersionId: V2,
    rescue: 'rescue-v1-1234',
    keptIn: {},
    drift: null,
  },
  ...{ rehearsal: [], comparisons: [], checks: [], probes: [], proven: true, latestCopyPath: '/b/latest-copy' },
  ...{
    recovery: null,
    steps: [],
    reason: null,
    compensations: [],
    rollback: null,
    warnings: [],
    reportPath: '/b/r.md',
  },
};

test('the plan shows what changes, what is saved, and where the stores will disagree', () => {
  const text = renderRestorePlan(plan, plain);
  expect(text).toContain(`Restore of ${V1} (asked for as baseline) of kb`);
  expect(text).toMatch(/production is +v2_minor/);
  expect(text).toMatch(
    /saved before +Neo4j to \/backups\/rescue-…\n +not needed: SQLite \(v2_minor_20260102_000000 holds it\)/,
  );
  expect(text).toMatch(/drift +13 chapters \(1034 chunks\), qdrant \(no chapter\)/);
  expect(text).toMatch(/neo4j +differs +1 +12 +3 .*bailey:ch60, bailey:ch1, \(relationships\)/);
  expect(text).toContain('bailey:ch1: Qdrant stays with 12, the version has none');
  expect(text).toContain('warning the stores will disagree');
});

test('disaster recovery and refusals are not to be overlooked', () => {
  const recovery = 'latest-copy is damaged: disaster recovery from the baseline';
  const refused = { code: 'DISK_TOO_SMALL' as const, found: 'no space', expected: null, next: 'free some' };
  const text = renderRestorePlan({ ...plan, source: { ...plan.source, recovery }, refusals: [refused] }, plain);
  expect(text).toContain(`DISASTER RECOVERY ${recovery}`);
  expect(text).toContain('refused DISK_TOO_SMALL: no space\n        next: free some');
  expect(renderRestoreOutcome({ ...outcome, recovery }, null, plain)).toContain(`DISASTER RECOVERY ${recovery}`);
});

test('exits as the restore would: by its first refusal; drift refuses nothing', () => {
  expect(exitOf(plan)).toBe(0);
  const refused = (code: 'BASE_BUSY' | 'DISK_TOO_SMALL') => ({ code, found: '', expected: null, next: null });
  expect(exitOf({ refusals: [refused('BASE_BUSY'), refused('DISK_TOO_SMALL')] })).toBe(6);
});

test('what is not proven is said first', () => {
  expect(renderRestoreOutcome(outcome, null, plain)).toMatch(/^Restored v1_baseline_20260101_000000 of kb/);
  const doubtful = { ...outcome, proven: false, warnings: ['neo4j is not the version any more'] };
  const text = renderRestoreOutcome(doubtful, null, plain);
  expect(text).toMatch(/^Restored, NOT PROVEN/);
  expect(text).toContain('warning neo4j is not the version any more');
});

test('all three stores, however they are named, are a restore of everything', () => {
  expect(storesAsked(undefined)).toEqual([]);
  expect(storesAsked(['neo4j', 'qdrant', 'sqlite'])).toEqual([]);
  expect(storesAsked(['neo4j', 'sqlite'])).toEqual(['sqlite', 'neo4j']);
});

describe('on the command line', () => {
  interface Asked {
    type: string;
    args: unknown[];
    memo: unknown;
  }

  /** Temporal with one change of this kind under way, or none. */
  function session(running?: { type: string; memo: object }): { session: Session; started: Asked[] } {
    const started: Asked[] = [];
    const found = {
      ...{ runId: 'r', type: running?.type ?? '', startTime: new Date(0), status: { name: 'RUNNING' } },
      memo: running?.memo,
    };
    const client = {
      workflow: {
        getHandle: () => ({
          describe: async () => (running || started.length > 0 ? found : Promise.reject(new Error('none'))),
          result: async () => outcome,
        }),
        start: async (type: string, { args, memo }: Asked) => void started.push({ type, args, memo }),
        list: async function* () {
          /* nothing else runs */
        },
      },
      withAbortSignal: async (_: unknown, work: () => unknown) => work(),
      withDeadline: async (_: unknown, work: () => unknown) => work(),
    };
    return {
      started,
      session: {
        ...{ client: client as never, namespace: 'default', address: 'nowhere', uiLink: () => null },
        ...{ explain: (error: unknown) => error, close: async () => undefined },
      },
    };
  }

  async function run(argv: string[], connected: Session): Promise<{ exit: unknown; stdout: string; error?: unknown }> {
    const world = fakeWorld({ cwd: mkdtempSync(join(tmpdir(), 'hfv-restore-')), connect: async () => connected });
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    let exit: unknown;
    const host: Host = {
      run:
        (handler) =>
        async (...given) => {
          const flags = (given.at(-1) as Command).opts<never>();
          exit = await handler(new Context(world, { json: true }, false), flags, String(given[0]));
        },
    };
    addRestore(program, host);
    const error: unknown = await program.parseAsync(['restore', ...argv], { from: 'user' }).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(readdirSync(world.cwd)).toEqual([]);
    return { exit, stdout: world.printed.stdout, error };
  }

  test('a staged version under way: busy, with the way out', async () => {
    const { error } = await run([V1, '--yes'], session({ type: 'publishVersion', memo: {} }).session);
    expect(error).toMatchObject({
      code: 'BASE_BUSY',
      facts: { next: expect.stringContaining('hfv cancel') as string },
    });
  });

  test('the same restore under way is attached to, and shown to its end', async () => {
    const { session: connected, started } = session({ type: 'restoreVersion', memo: { version: V1, stores: [] } });
    const { exit, stdout } = await run([V1], connected);
    expect([exit, started]).toEqual([0, []]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'restored', attached: true, proven: true });
  });

  test.each([
    ['another version', { version: V2, stores: [] }],
    ['other stores', { version: V1, stores: ['qdrant'] }],
  ])('a restore of %s under way: busy', async (_, memo) => {
    const { error } = await run([V1, '--yes'], session({ type: 'restoreVersion', memo }).session);
    expect(error).toMatchObject({ code: 'BASE_BUSY' });
  });

  test('a store that there is none is refused by the parser', async () => {
    const { error } = await run([V1, '--store', 'mysql'], session().session);
    expect(error).toMatchObject({ code: 'commander.invalidArgument' });
  });
});
