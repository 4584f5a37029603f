import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readVersionOf } from '../../client/reader';
import { LEASE } from './support/metadata-file';
import { BASELINE, StagedBase } from './support/staged-base';

const ROOT = join(__dirname, '..', '..');
const SECOND = BASELINE.replace('v1_baseline', 'v2_minor');
const VERSION = `SELECT version_id FROM switch_journal WHERE state IN ('committed', 'done') ORDER BY id DESC LIMIT 1`;

let base: StagedBase;
beforeEach(() => {
  base = new StagedBase();
});
afterEach(() => {
  chmodSync(base.folder, 0o755);
  base.remove();
});

/** A switch to a second version, as the journal has it at this stage. */
function switched(state: 'switching' | 'committed' | 'done'): void {
  const { registry, journal } = base.store;
  registry.open({ versionId: SECOND, workflowId: 'w', runId: 'r', chapterCount: 4, paragraphCount: 40 }, LEASE);
  journal.begin(
    {
      ...{
        kind: 'promote' as const,
        versionId: SECOND,
        previousVersionId: BASELINE,
        stores: ['neo4j', 'qdrant', 'sqlite'],
      },
      ...{ details: {}, workflowId: 'w', runId: 'r' },
    },
    LEASE,
  );
  if (state === 'switching') return;
  const at = 'committed_at = started_at';
  base.sql(`UPDATE switch_journal SET state = 'committed', ${at}`);
  if (state === 'done') base.sql(`UPDATE switch_journal SET state = 'done', ended_at = started_at`);
}

/** Everything in the folder: names, bytes and moments. */
const traces = () =>
  readdirSync(base.folder)
    .sort()
    .map((name) => [name, base.digest(join(base.folder, name)), statSync(join(base.folder, name)).mtimeMs]);

/** As somebody who may only read; whoever runs the tests as root would be let through everywhere. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

const version = async ({ versionId }: { versionId: string }) => versionId;

describe('readVersionOf', () => {
  test.each([
    ['without a journal', () => base.sql('DROP TABLE switch_journal'), BASELINE],
    ['whose journal has no entry', () => undefined, BASELINE],
    ['whose switch is committed', () => switched('committed'), SECOND],
    ['whose switch is done', () => switched('done'), SECOND],
  ])('tells the version of a base %s', async (_, prepare, expected) => {
    prepare();
    expect(await readVersionOf(base.path, version)).toBe(expected);
  });

  test('waits for a switch that another program ends', async () => {
    switched('switching');
    const read = readVersionOf(base.path, version, { pauseMs: 1 });
    base.sql(`UPDATE switch_journal SET state = 'undone', ended_at = started_at`);
    expect(await read).toBe(BASELINE);
  });

  test('needs no more than to read, and leaves no trace', async () => {
    switched('done');
    // What is loaded late is loaded before the rights are gone.
    await readVersionOf(base.path, version);
    chmodSync(base.path, 0o444);
    chmodSync(base.folder, 0o555);
    const before = traces();
    await unprivileged(async () => {
      expect(() => writeFileSync(join(base.folder, 'other'), '')).toThrow('EACCES');
      expect(await readVersionOf(base.path, version)).toBe(SECOND);
    });
    expect(traces()).toEqual(before);
  });
});

test('the package hands the reader out as built, with its types', () => {
  const folder = join(base.folder, 'built');
  const config = join(folder, 'tsconfig.json');
  mkdirSync(folder);
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const [extended, reader] = ['tsconfig.build.json', 'client/reader.ts'].map((name) => join(ROOT, name));
  const compilerOptions = {
    outDir: join(folder, 'dist'),
    rootDir: ROOT,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  writeFileSync(config, JSON.stringify({ extends: extended, include: [], files: [reader], compilerOptions }));
  const tsc = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', config], { encoding: 'utf8' });
  expect([tsc.stdout, tsc.status]).toEqual(['', 0]);

  const program = `const { readVersionOf } = require('hybridflow-versioning/reader');
    readVersionOf(process.argv[1], async ({ versionId }) => versionId).then((found) => process.stdout.write(found));`;
  const ran = spawnSync(process.execPath, ['-e', program, base.path], { cwd: folder, encoding: 'utf8' });
  expect([ran.stderr, ran.stdout]).toEqual(['', BASELINE]);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, { types: string }>;
  };
  expect(readFileSync(join(folder, exports['./reader']?.types ?? ''), 'utf8')).toContain('readOneVersion');
}, 120_000);

describe('the same in Python, as the documentation has it', () => {
  const documentation = readFileSync(join(ROOT, 'docs', 'concepts.md'), 'utf8');
  const reader = /```python\n(import[^`]*def read_one_version[^`]*)```/.exec(documentation)?.[1] ?? '';

  /** Runs a program after the documented one; \`DB\` is the metadata file. */
  function python(program: string, path = base.path): { said: string; failed: string } {
    const prelude = `${reader}
import sys
DB = sys.argv[1]
seen = []
def change(statement):
    other = sqlite3.connect(DB)
    with other:
        other.execute(statement)
    other.close()
`;
    const { stdout, stderr } = spawnSync('python3', ['-c', prelude + program, path], { encoding: 'utf8' });
    return { said: stdout.trim(), failed: stderr.trim().split('\n').at(-1) ?? '' };
  }

  test.each([
    ['whose journal has no entry', () => undefined, BASELINE],
    ['whose switch is committed', () => switched('committed'), SECOND],
    ['whose switch is done', () => switched('done'), SECOND],
  ])('tells the version of a base %s, and writes nothing', (_, prepare, expected) => {
    prepare();
    const before = traces();
    expect(python('print(read_one_version(DB, lambda version: version))')).toEqual({ said: expected, failed: '' });
    expect(traces()).toEqual(before);
  });

  test('finds the file whatever its name', () => {
    const path = join(base.folder, 'a #1 50%25 base?.db');
    copyFileSync(base.path, path);
    expect(python('print(read_one_version(DB, lambda version: version))', path)).toEqual({
      said: BASELINE,
      failed: '',
    });
  });

  test('reads again where the version changed in between, whether or not the read failed', () => {
    switched('switching');
    base.sql(`UPDATE switch_journal SET state = 'undone', ended_at = started_at`);
    const again = `INSERT INTO switch_journal (kind, version_id, state, stores, details, workflow_id, run_id, started_at)
      SELECT kind, version_id, 'switching', stores, details, workflow_id, 's', started_at FROM switch_journal`;
    const program = (fails: string) => `
def read(version):
    seen.append(version)
    if len(seen) == 1:
        change("""${again}""")
        change("UPDATE switch_journal SET state = 'committed', committed_at = started_at WHERE run_id = 's'")
        ${fails}
    return version
print(read_one_version(DB, read, pause=0.001), seen)`;
    const bytes = readFileSync(base.path);
    for (const fails of ['pass', 'raise ValueError("half of it was gone")']) {
      writeFileSync(base.path, bytes);
      expect(python(program(fails))).toEqual({ said: `${SECOND} ['${BASELINE}', '${SECOND}']`, failed: '' });
    }
  });

  test('hands on what fails in peace', () => {
    expect(python('read_one_version(DB, lambda version: 1 / 0)').failed).toBe('ZeroDivisionError: division by zero');
  });

  test('gives up where a switch does not end, and reads nothing', () => {
    switched('switching');
    const program = `
try:
    read_one_version(DB, seen.append, timeout=0.05, pause=0.001)
finally:
    print(seen)`;
    const { said, failed } = python(program);
    expect([said, failed]).toEqual(['[]', 'TimeoutError: production was being switched all the time']);
  });

  test('the statements fail where there is no journal, as the documentation says', () => {
    base.sql('DROP TABLE switch_journal');
    expect(python('read_one_version(DB, print)').failed).toContain('no such table: switch_journal');
  });

  test('and its two statements agree with the journal', () => {
    expect(documentation).toContain(VERSION.replace(' LIMIT 1', ' LIMIT 1;'));
    switched('done');
    expect(base.rows(VERSION)).toEqual([{ version_id: SECOND }]);
  });
});
