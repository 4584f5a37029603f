import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../config/load';
import { maskSettings } from '../../config/mask';

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'hfv-config-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(file: string, text: string, env: Record<string, string> = {}) {
  mkdirSync(join(cwd, 'conf'), { recursive: true });
  writeFileSync(join(cwd, 'conf', file), text);
  return loadSettings({ env: { ...env, HYBRIDFLOW_CONFIG: join('conf', file) }, cwd });
}
const loadJson = (settings: object, env?: Record<string, string>) => load('s.json', JSON.stringify(settings), env);

test('the plan and its monitoring say what is asked where nothing is configured', () => {
  const { probes, embedder } = loadJson({});
  expect(probes.queries).toEqual(['lung anatomy', 'surgery', 'cardiac', 'trauma', 'infection', 'test query']);
  expect(probes).toMatchObject({ chapters: [], commands: [], limit: 5, warningPercent: 10, failurePercent: 20 });
  expect(embedder).toEqual({ kind: 'feature-hashing', timeoutSeconds: 30 });
});

test('probes and embedder are read from the settings file', () => {
  const toml = `
    [probes]
    queries = ["lung"]
    chapters = ["bailey:ch60"]
    limit = 3
    repeats = 7
    warningPercent = 30
    failurePercent = 60.5
    toleranceMs = 0

    [[probes.commands]]
    name = "our search"
    argv = ["poetry", "run", "hybridflow", "search", "lung anatomy", "--limit", "5"]
    cwd = "../app"
    timeoutSeconds = 90
    maxBytes = 1000

    [[probes.commands]]
    name = "hierarchy"
    argv = ["/bin/h"]
    cwd = "/srv"

    [embedder]
    kind = "openai"
    url = "http://127.0.0.1:11434/v1"
    model = "nomic-embed-text"
    timeoutSeconds = 5
  `;
  const { probes, embedder } = load('s.toml', toml, { HYBRIDFLOW_EMBEDDER_API_KEY: 'sk-1' });
  expect(probes).toEqual({
    ...{ queries: ['lung'], chapters: ['bailey:ch60'], limit: 3, repeats: 7 },
    ...{ warningPercent: 30, failurePercent: 60.5, toleranceMs: 0 },
    commands: [
      {
        name: 'our search',
        argv: ['poetry', 'run', 'hybridflow', 'search', 'lung anatomy', '--limit', '5'],
        ...{ cwd: join(cwd, 'app'), timeoutSeconds: 90, maxBytes: 1_000 },
      },
      { name: 'hierarchy', argv: ['/bin/h'], cwd: '/srv', timeoutSeconds: 30, maxBytes: 10_000_000 },
    ],
  });
  expect(embedder).toEqual({
    ...{
      kind: 'openai',
      url: 'http://127.0.0.1:11434/v1',
      model: 'nomic-embed-text',
      apiKey: 'sk-1',
      timeoutSeconds: 5,
    },
  });
});

const command = { name: 'c', argv: ['true'] };

test.each<[object, RegExp]>([
  [{ probes: { queries: [''] } }, /probes\.queries\[0\]/],
  [{ probes: { queries: ['  '] } }, /probes\.queries\[0\]/],
  [{ probes: { queries: [] } }, /neither a query nor a command[^]*probes\.queries/],
  [{ probes: { limit: 0 } }, /probes\.limit/],
  [{ probes: { repeats: 0 } }, /probes\.repeats/],
  [{ probes: { warningPercent: 50, failurePercent: 20 } }, /at least warningPercent[^]*probes\.failurePercent/],
  [{ probes: { toleranceMs: -1 } }, /probes\.toleranceMs/],
  [{ probes: { commands: 'ls' } }, /probes\.commands/],
  [{ probes: { commands: [{ ...command, argv: [] }] } }, /probes\.commands\[0\]\.argv/],
  [{ probes: { commands: [{ ...command, argv: [''] }] } }, /probes\.commands\[0\]\.argv\[0\]/],
  [{ probes: { commands: [{ ...command, argv: 'rm -rf x' }] } }, /probes\.commands\[0\]\.argv/],
  [{ probes: { commands: [{ ...command, cwd: '' }] } }, /probes\.commands\[0\]\.cwd/],
  [{ probes: { commands: [{ ...command, shell: true }] } }, /shell/],
  [{ probes: { commands: [{ ...command, timeoutSeconds: 0 }] } }, /probes\.commands\[0\]\.timeoutSeconds/],
  [{ probes: { commands: [{ ...command, name: 'a/b' }] } }, /probes\.commands\[0\]\.name/],
  [{ probes: { commands: [command, command] } }, /same name[^]*probes\.commands/],
  [{ probes: { query: 'lung' } }, /query/],
  [{ embedder: { kind: 'magic' } }, /embedder\.kind/],
  [{ embedder: { kind: 'openai', model: 'm' } }, /needs url and model/],
  [{ embedder: { kind: 'openai', url: 'http://e/v1' } }, /needs url and model/],
  [{ embedder: { url: 'file:///etc/passwd' } }, /embedder\.url/],
  [{ embedder: { url: 'https://me:s3cret@e/v1' } }, /belongs in apiKey[^]*embedder\.url/],
  [{ embedder: { apiKey: 's3cret key\n' } }, /embedder\.apiKey/],
])('%j is refused by name', (settings, said) => {
  let message = '';
  try {
    loadJson(settings);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    message = (error as Error).message;
  }
  expect(message).toMatch(said);
  expect(message).not.toContain('s3cret');
});

test('commands alone are enough', () => {
  expect(loadJson({ probes: { queries: [], commands: [command] } }).probes.queries).toEqual([]);
});

test('the key is masked where settings are shown', () => {
  const settings = loadJson({}, { HYBRIDFLOW_EMBEDDER_API_KEY: 'sk-s3cret' });
  expect(JSON.stringify(maskSettings(settings))).not.toContain('s3cret');
  expect(settings.embedder.apiKey).toBe('sk-s3cret');
});
