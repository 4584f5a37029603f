import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import fc from 'fast-check';
import { loadSettings, neo4jPassword, type LoadOptions } from '../../config/load';
import { maskSettings } from '../../config/mask';
import { maskUrl } from '../../domain/masking';
import { ENVIRONMENT } from '../../config/schema';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hfv-config-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

function put(name: string, text: string): string {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), text);
  return name;
}

const load = (env: Record<string, string> = {}, more: LoadOptions = {}) => loadSettings({ env, cwd, ...more });

function refusal(env: Record<string, string>, more: LoadOptions = {}): string {
  try {
    load(env, more);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
}

describe('settings', () => {
  it('have defaults that need no configuration at all', () => {
    expect(load()).toEqual({
      base: 'hybridflow',
      metadataDb: join(cwd, 'metadata.db'),
      backups: join(cwd, 'backups'),
      qdrant: { url: 'http://127.0.0.1:6333', collection: 'textbook_chunks' },
      neo4j: { uri: 'bolt://127.0.0.1:7687', username: 'neo4j', database: 'neo4j' },
      temporal: {},
      migration: {
        batchSize: 1000,
        batchesPerSpan: 10,
        minimumFreeBytes: 500_000_000,
        confirm: 'restore',
        fenceMinutes: 60,
        deep: false,
      },
      probes: {
        queries: ['lung anatomy', 'surgery', 'cardiac', 'trauma', 'infection', 'test query'],
        chapters: [],
        limit: 5,
        repeats: 7,
        warningPercent: 10,
        failurePercent: 20,
        toleranceMs: 2,
        commands: [],
      },
      embedder: { kind: 'feature-hashing', timeoutSeconds: 30 },
      health: { delaySeconds: 300, logs: [] },
      staging: { warnAfterMinutes: 1440, cancelAfterMinutes: 10_080, minimumOverlap: 0.5, requireApproval: false },
      retention: { keep: 5, emergencyKeep: 3, archiveDays: 90, graceMinutes: 60 },
      git: { tag: 'v1.0.0-baseline' },
    });
  });

  it('follow flags before environment before config file before the local stack before defaults', () => {
    const levels: [string, () => void][] = [
      ['textbook_chunks', () => undefined],
      ['stack', () => put('.stack/env', 'QDRANT_COLLECTION=stack\n')],
      ['file', () => put('settings.toml', '[qdrant]\ncollection = "file"\n')],
      ['environment', () => (env.QDRANT_COLLECTION = 'environment')],
      ['flag', () => (flags['qdrant.collection'] = 'flag')],
    ];
    const env: Record<string, string> = {};
    const flags: Record<string, unknown> = {};
    for (const [expected, give] of levels) {
      give();
      if (expected === 'file') env.HYBRIDFLOW_CONFIG = 'settings.toml';
      expect(load(env, { flags }).qdrant.collection).toBe(expected);
    }
    expect(load(env, { flags: { 'qdrant.collection': undefined } }).qdrant.collection).toBe('environment');
  });

  it('take every name of the contract, and an empty one for none', () => {
    const special: Record<string, string> = { 'qdrant.url': 'https://q:1', 'temporal.uiUrl': 'https://t:2' };
    const pathOf = (settings: unknown, path: string) =>
      path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], settings);
    for (const [name, path] of Object.entries(ENVIRONMENT)) {
      const value = special[path] ?? '/some-value'.slice(path === 'base' ? 1 : 0);
      const read = path === 'health.logs' ? [value] : value;
      expect([name, pathOf(load({ [name]: value }), path)]).toEqual([name, read]);
      expect([name, pathOf(load({ [name]: '' }), path)]).toEqual([name, pathOf(load(), path)]);
    }
  });

  it('take paths as relative to where they are written', () => {
    put('conf/settings.json', JSON.stringify({ metadataDb: 'data/m.db', neo4j: { passwordFile: 'secret' } }));
    const fromFile = load({ HYBRIDFLOW_CONFIG: 'conf/settings.json', HYBRIDFLOW_BACKUPS: 'copies' });
    expect(fromFile.metadataDb).toBe(join(cwd, 'conf/data/m.db'));
    expect(fromFile.neo4j.passwordFile).toBe(join(cwd, 'conf/secret'));
    expect(fromFile.backups).toBe(join(cwd, 'copies'));
    expect(load({ HYBRIDFLOW_BACKUPS: '/abs', NEO4J_PASSWORD_FILE: 'p' })).toMatchObject({
      backups: '/abs',
      neo4j: { passwordFile: join(cwd, 'p') },
    });
    put('conf/logs.json', JSON.stringify({ health: { logs: ['logs/a.log', '/abs.log'] } }));
    expect(load({ HYBRIDFLOW_CONFIG: 'conf/logs.json' }).health.logs).toEqual([
      join(cwd, 'conf/logs/a.log'),
      '/abs.log',
    ]);
    expect(load({ HYBRIDFLOW_LOGS: `q.log${delimiter}${delimiter}/abs.log` }).health.logs).toEqual([
      join(cwd, 'q.log'),
      '/abs.log',
    ]);
    expect(load({ HYBRIDFLOW_BACKUPS: 's3://bucket/prefix' }).backups).toBe('s3://bucket/prefix');
    expect(load({}, { flags: { metadataDb: 'x.db' } }).metadataDb).toBe(join(cwd, 'x.db'));
    expect(load({ HYBRIDFLOW_STACK_ENV: put('other/env', 'HYBRIDFLOW_BACKUPS=b\n') }).backups).toBe(join(cwd, 'b'));
  });

  it('are refused with the name of every field that does not fit', () => {
    put('bad.json', JSON.stringify({ migration: { batchSize: 0, expectedChapters: 'many' }, colour: 'red' }));
    const message = refusal({ QDRANT_URL: 'not a url', HYBRIDFLOW_BASE: 'no spaces!', HYBRIDFLOW_CONFIG: 'bad.json' });
    for (const field of ['qdrant.url', 'base', 'migration.batchSize', 'migration.expectedChapters', 'colour']) {
      expect(message).toContain(field);
    }
  });

  it.each([
    ['absent.toml', undefined, 'cannot be read'],
    ['torn.toml', '[qdrant', 'cannot be parsed'],
    ['torn.json', '{"qdrant":', 'cannot be parsed'],
    ['list.json', '[1]', 'cannot be parsed'],
    ['null.json', 'null', 'cannot be parsed'],
    ['section.json', '{"qdrant":"text"}', 'qdrant'],
  ])('name the config file that is at fault: %s', (name, text, said) => {
    if (text !== undefined) put(name, text);
    expect(refusal({ HYBRIDFLOW_CONFIG: name, QDRANT_URL: 'http://q:1' })).toContain(said);
  });

  it('let no config file reach beyond the settings', () => {
    put('odd.json', '{"__proto__":{"polluted":1},"qdrant":{"__proto__":{"polluted":1}}}');
    try {
      load({ HYBRIDFLOW_CONFIG: 'odd.json' });
    } catch {
      // Refusing is fine too.
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('the password of Neo4j', () => {
  it('comes from where it was named at the highest level', () => {
    put('secret', 'from the file\n');
    put('.stack/env', 'NEO4J_PASSWORD=of the stack\n');
    put('settings.toml', '[neo4j]\npasswordFile = "secret"\n');
    expect(neo4jPassword(load())).toBe('of the stack');
    expect(neo4jPassword(load({ NEO4J_PASSWORD_FILE: 'secret' }))).toBe('from the file');
    expect(neo4jPassword(load({ HYBRIDFLOW_CONFIG: 'settings.toml' }))).toBe('from the file');
    expect(neo4jPassword(load({ HYBRIDFLOW_CONFIG: 'settings.toml', NEO4J_PASSWORD: 'given' }))).toBe('given');
  });

  it('is asked for where it is missing or cannot be read', () => {
    expect(() => neo4jPassword(load())).toThrow(/NEO4J_PASSWORD/);
    expect(() => neo4jPassword(load({ NEO4J_PASSWORD_FILE: 'absent' }))).toThrow(/absent, which cannot be read/);
  });
});

describe('masking', () => {
  it('leaves no secret in what may be shown, and does not change the settings', () => {
    const word = fc.stringMatching(/^[A-Z]{6,12}$/);
    fc.assert(
      fc.property(word, (secret) => {
        const settings = load({
          QDRANT_URL: `https://me:${secret}@q:6333/path`,
          QDRANT_API_KEY: secret,
          NEO4J_URI: `bolt://neo4j:x@${secret}@host:7687`,
          NEO4J_PASSWORD: secret,
          HYBRIDFLOW_BACKUPS: `s3://key:${secret}@bucket/prefix`,
          TEMPORAL_UI_URL: `http://u:${secret}@ui`,
        });
        const before = structuredClone(settings);
        expect(JSON.stringify(maskSettings(settings))).not.toContain(secret);
        expect(settings).toEqual(before);
      }),
      { numRuns: 20 },
    );
    expect(maskSettings(load({ QDRANT_API_KEY: 'k' })).qdrant.apiKey).toBe('***');
    expect(maskSettings(load())).toEqual(load());
  });

  it.each([
    ['https://user:pass@host/a', 'https://***@host/a'],
    ['bolt+s://user@host:7687', 'bolt+s://***@host:7687'],
    ['https://host/a@b', 'https://host/a@b'],
    ['https://host?mail=a@b', 'https://host?mail=a@b'],
    ['/backups/a@b', '/backups/a@b'],
  ])('shows %s as %s', (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });
});
