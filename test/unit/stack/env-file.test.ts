import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../../config/load';
import { formatEnv, mergeEnv, parseEnv, writeEnvFile } from '../../../stack/env-file';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv env-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('another service of ours stays, what is not ours goes, a restarted service is written anew', () => {
  const present = { QDRANT_URL: 'http://old', QDRANT_API_KEY: 'old', NEO4J_URI: 'bolt://kept', SOMETHING: 'else' };
  expect(mergeEnv(present, { QDRANT_URL: 'http://new' }, ['QDRANT_'])).toEqual({
    NEO4J_URI: 'bolt://kept',
    QDRANT_URL: 'http://new',
  });
});

test('only its owner can read it', () => {
  writeEnvFile(root, { QDRANT_URL: 'http://127.0.0.1:1' }, []);
  expect(statSync(join(root, 'env')).mode & 0o777).toBe(0o600);
});

test('a shell and dotenv read the same, spaces and dollars included', () => {
  const env = { HYBRIDFLOW_BACKUPS: '/a b/$HOME #1', QDRANT_URL: 'http://127.0.0.1:1' };
  const file = join(root, 'file');
  writeFileSync(file, formatEnv(env));
  const script = 'set -a; . "$0"; printf %s "$HYBRIDFLOW_BACKUPS"';
  expect(execFileSync('sh', ['-c', script, file], { encoding: 'utf8' })).toBe(env.HYBRIDFLOW_BACKUPS);
  expect(parseEnv(formatEnv(env))).toEqual(env);
});

test('the settings load it', () => {
  writeEnvFile(root, { HYBRIDFLOW_METADATA_DB: '/x/metadata.db', NEO4J_URI: 'bolt://127.0.0.1:2' }, []);
  const settings = loadSettings({ env: { HYBRIDFLOW_STACK_ENV: join(root, 'env') }, cwd: root });
  expect(settings).toMatchObject({ metadataDb: '/x/metadata.db', neo4j: { uri: 'bolt://127.0.0.1:2' } });
});
