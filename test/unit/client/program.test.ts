import { WorkflowNotFoundError } from '@temporalio/client';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Context, type World } from '../../../client/context';
import { environmentWith } from '../../../client/flags';
import { positiveWhole, seconds, whole } from '../../../client/numbers';
import { describeTrouble } from '../../../client/pollers';
import { runProgram } from '../../../client/program';
import type { ErrorView } from '../../../client/render/error';
import { uiLink, type Session } from '../../../client/temporal';
import { HybridFlowError } from '../../../domain/errors';
import { fakeWorld } from './support';

const down = () =>
  Promise.reject(new HybridFlowError('TEMPORAL_UNREACHABLE', { found: 'nobody at a:1', details: { address: 'a:1' } }));
const folder = () => mkdtempSync(join(tmpdir(), 'hfv-client-'));

async function hfv(argv: string[], overrides: Partial<World> = {}) {
  const world = fakeWorld({ cwd: folder(), connect: down, ...overrides });
  const exit = await runProgram(argv, world);
  return { exit, ...world.printed };
}

describe('the command line', () => {
  test.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['migrate', '--batch-size', '0'], /at least 1/],
    [['pause', '--for', 'soon'], /more than 0/],
    [['worker', '--role', 'boss'], /Allowed choices are all, stores, files/],
    [['show'], /missing required argument 'version'/],
  ])('%j is a usage error: 2, said once on stderr', async (argv, message) => {
    const { exit, stdout, stderr } = await hfv(argv);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.match(/error/g)).toHaveLength(1);
  });

  test('with --json a usage error is the one object on stdout, wherever the flag stands', async () => {
    for (const argv of [
      ['--json', 'nonsense'],
      ['migrate', '--batch-size', 'x', '--json'],
    ]) {
      const { exit, stdout, stderr } = await hfv(argv);
      expect([exit, stderr]).toEqual([2, '']);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } });
    }
  });

  test('help is no error, and lists the exit codes', async () => {
    const { exit, stdout } = await hfv(['--help']);
    expect(exit).toBe(0);
    expect(stdout).toContain('Exit codes:');
    for (const verb of [
      'up',
      'down',
      'seed',
      'worker',
      'migrate',
      'pause',
      'resume',
      'abort',
      'status',
      'versions',
      'show',
      'demo',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    }
  });

  test('a configuration that does not fit is 2 and names the field', async () => {
    const { exit, stderr } = await hfv(['versions', '--base', 'not a name']);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/CONFIG_INVALID[\s\S]*base/);
  });

  test.each(['migrate', 'pause', 'resume', 'abort'])('%s without Temporal is 8', async (verb) => {
    const { exit, stdout } = await hfv([verb, '--json']);
    expect(exit).toBe(8);
    const { error } = JSON.parse(stdout) as ErrorView;
    expect([error.code, error.found]).toEqual(['TEMPORAL_UNREACHABLE', 'nobody at a:1']);
  });

  test('no metadata.db is 2', async () => {
    const { exit, stdout } = await hfv(['versions', '--json']);
    expect([exit, (JSON.parse(stdout) as ErrorView).error.code]).toEqual([2, 'METADATA_DB_MISSING']);
  });

  test('an error that nobody foresaw is 1, and its stack comes with HFV_DEBUG only', async () => {
    const connect = () => Promise.reject(new Error('boom hunter2'));
    const env = { NEO4J_PASSWORD: 'hunter2' };
    const quiet = await hfv(['pause'], { connect, env });
    expect([quiet.exit, quiet.stderr.includes('boom ***'), quiet.stderr.includes('    at ')]).toEqual([1, true, false]);
    const debug = await hfv(['pause'], { connect, env: { ...env, HFV_DEBUG: '1' } });
    expect(debug.stderr).toContain('    at ');
    expect(debug.stderr).not.toContain('hunter2');
  });
});

describe('status', () => {
  test('with neither Temporal nor metadata.db is 8, and still one object', async () => {
    const { exit, stdout } = await hfv(['status', '--json']);
    expect(exit).toBe(8);
    expect(JSON.parse(stdout)).toMatchObject({
      base: 'hybridflow',
      temporal: { reachable: false, address: 'a:1' },
      change: null,
      progress: null,
      registry: { readable: false, versions: [] },
    });
  });

  test('with Temporal up and no metadata.db is 0', async () => {
    const none = async () => Promise.reject(new WorkflowNotFoundError('none', 'w', undefined));
    const session = {
      client: { workflow: { getHandle: () => ({ describe: none }), list: () => [] } },
      address: 'a:1',
      explain: (error: unknown) => error,
      close: async () => undefined,
    } as unknown as Session;
    const { exit, stdout } = await hfv(['status', '--json'], { connect: async () => session });
    expect([exit, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ change: null })]);
  });
});

describe('flags', () => {
  test('win over the environment, and reach what is started', () => {
    const world = fakeWorld({ env: { HYBRIDFLOW_BASE: 'fromEnv', QDRANT_URL: 'http://env:1' } });
    const flags = { base: 'fromFlag', metadataDb: 'here.db', neo4jUri: 'bolt://flag:2', temporalAddress: 't:3' };
    const context = new Context(world, flags, false);
    const { base, metadataDb, qdrant, neo4j, temporal } = context.settings();
    expect([base, metadataDb, qdrant.url]).toEqual(['fromFlag', '/nowhere/here.db', 'http://env:1']);
    expect([neo4j.uri, temporal.address]).toEqual(['bolt://flag:2', 't:3']);
    expect(context.env).toMatchObject({ HYBRIDFLOW_BASE: 'fromFlag', TEMPORAL_ADDRESS: 't:3' });
    expect(world.env.HYBRIDFLOW_BASE).toBe('fromEnv');
  });

  test('a password file on the command line replaces a password in the environment', () => {
    const env = environmentWith({ neo4jPasswordFile: '/p' }, { NEO4J_PASSWORD: 'old' });
    expect(env).toEqual({ NEO4J_PASSWORD_FILE: '/p' });
  });

  test('--stack says where the env file is read; --config names the settings file', () => {
    const root = folder();
    writeFileSync(join(root, 'env'), 'HYBRIDFLOW_BASE=fromStack\n');
    writeFileSync(join(root, 'c.toml'), 'base = "fromFile"\n');
    expect(new Context(fakeWorld(), { stack: root }, true).settings().base).toBe('fromStack');
    const both = new Context(fakeWorld(), { stack: root, config: join(root, 'c.toml') }, true);
    expect(both.settings().base).toBe('fromFile');
  });

  test('numbers are checked', () => {
    expect([positiveWhole('12'), whole('0'), seconds('0.5')]).toEqual([12, 0, 0.5]);
    for (const bad of ['', '-1', '1.5', '1e3', '0', 'x']) expect(() => positiveWhole(bad)).toThrow('whole number');
    for (const bad of ['', '-1', '1.5']) expect(() => whole(bad)).toThrow('whole number');
    for (const bad of ['', '0', '-1', 'Infinity', 'x']) expect(() => seconds(bad)).toThrow('seconds');
  });
});

describe('Temporal', () => {
  test('a run’s address in the UI has its ids encoded', () => {
    expect(uiLink('http://ui:8233/', 'default', 'hybridflow/kb/change', 'r-1')).toBe(
      'http://ui:8233/namespaces/default/workflows/hybridflow%2Fkb%2Fchange/r-1/history',
    );
    expect(uiLink(undefined, 'default', 'w', 'r')).toBeNull();
  });

  test('a queue without a worker is named, with what to do', () => {
    const one = [{ identity: '1@h', ago: 0 }];
    expect(describeTrouble({ workflows: [], files: [] })).toMatch(
      /task queue hybridflow and hybridflow\.files.*hfv worker/,
    );
    expect(describeTrouble({ workflows: one, files: [] })).toMatch(/task queue hybridflow\.files:/);
    expect(describeTrouble({ workflows: one, files: one })).toMatch(/does not answer, although 1@h polled/);
  });
});
