import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../client/program';
import { renderComparison } from '../../../client/render/compare';
import { comparisonPage, escape } from '../../../client/render/compare-html';
import type { ErrorView } from '../../../client/render/error';
import type { VersionComparison } from '../../../domain/compare';
import { openArtifactStore } from '../../../stores/artifacts';
import { sealModel, type Model } from '../../support/sealed-model';
import { ANSI, fakeWorld, painted, plain } from './support';

const [A, B] = ['v1_baseline_20260102_030405', 'v2_minor_20260203_040506'];
const chunk = (text: string) => ({ text, page: 1 });
const HOSTILE = `<script>alert("x")</script> & 'more'`;

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hfv-compare-cli-'));
  const artifacts = openArtifactStore(join(root, 'backups'));
  const before: Model = { 'bailey:ch1': { 'bailey:ch1:1': chunk('the left lung'), 'bailey:ch1:2': chunk('stays') } };
  const after: Model = {
    'bailey:ch1': { 'bailey:ch1:1': chunk(`the right lung ${HOSTILE}`), 'bailey:ch1:2': chunk('stays') },
    'bailey:ch2<i>': { 'bailey:ch2<i>:1': chunk('comes') },
  };
  await sealModel(artifacts, A, before);
  await sealModel(artifacts, B, after);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Nothing is up: no Temporal, no service, no metadata.db, and not even a password for the graph. */
async function hfv(...argv: string[]) {
  const connect = () => Promise.reject(new Error('nobody may be asked'));
  const world = fakeWorld({ connect, cwd: root });
  const options = ['--backups', join(root, 'backups'), '--metadata-db', join(root, 'none.db')];
  const nowhere = ['--qdrant-url', 'http://127.0.0.1:1', '--neo4j-uri', 'bolt://127.0.0.1:1'];
  const exit = await runProgram(['compare', ...argv, ...options, ...nowhere], world);
  return { exit, ...world.printed };
}

describe('hfv compare', () => {
  test('tells what differs between two versions, with nothing up', async () => {
    const { exit, stdout, stderr } = await hfv(A, B);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[0]).toBe(`${A} -> ${B} differ`);
    expect(stdout).toMatch(/^Neo4j +differs +\+1 ~1 -0 +0 +\+1 ~1 -0 +2$/m);
    expect(stdout).toContain('  ~ bailey:ch1  content_hash\n');
    expect(stdout).toContain('    ~ chunk bailey:ch1:1\n');
    expect(stdout).toContain('  + bailey:ch2<i>  1 item\n');
    expect(stdout).not.toContain(ANSI);
  });

  test('shows the texts where they are asked for, marked without colours too', async () => {
    const { stdout } = await hfv(A, B, '--text');
    expect(stdout).toContain('the [-left-]{+right+} lung');
  });

  test('prints one object for programs', async () => {
    const { stdout } = await hfv(A, B, '--json', '--limit', '1');
    const found = JSON.parse(stdout) as VersionComparison;
    expect(found).toMatchObject({ same: false, limit: 1, chapter: null, before: { name: A }, after: { name: B } });
    expect(found.stores.map(({ store }) => store)).toEqual(['sqlite', 'qdrant', 'neo4j']);
    expect(found.stores[2]?.chapters).toMatchObject({ added: 1, changed: 1, leftOut: 1 });
  });

  test('ends with 5 where they differ and that was asked, else with 0', async () => {
    expect((await hfv(A, B)).exit).toBe(0);
    expect((await hfv(A, B, '--exit-code')).exit).toBe(5);
    expect((await hfv(A, A, '--exit-code')).exit).toBe(0);
    expect((await hfv(A, A)).stdout).toContain('the same');
  });

  test('writes a page to a file in the folder of whoever asks', async () => {
    const { exit, stdout } = await hfv(A, B, '--html', 'page.html');
    expect([exit, stdout]).toEqual([0, `${join(root, 'page.html')}: ${A} and ${B}\n`]);
    expect(readFileSync(join(root, 'page.html'), 'utf8')).toBe((await hfv(A, B, '--html')).stdout);
    const { exit: failed, stdout: said } = await hfv(A, B, '--html', 'no/such/page.html', '--json');
    expect([failed, (JSON.parse(said) as ErrorView).error.code]).toEqual([2, 'CONFIG_INVALID']);
  });

  test.each<[number, string, string[]]>([
    [7, 'VERSION_UNKNOWN', [A, 'v9_minor_20260203_040506']],
    [7, 'VERSION_UNKNOWN', ['nonsense', B]],
    [2, 'CONFIG_INVALID', [A, B, '--chapter', 'bailey:ch99']],
    [2, '', [A, B, '--limit', '0']],
    [2, '', [A, B, '--limit', '1e3']],
    [2, '', [A]],
  ])('ends with %i (%s) for %p', async (code, error, argv) => {
    const { exit, stdout } = await hfv(...argv, '--json');
    expect(exit).toBe(code);
    if (error !== '') expect((JSON.parse(stdout) as ErrorView).error.code).toBe(error);
  });
});

describe('the page', () => {
  test('shows every text as it is, and runs nothing', async () => {
    const page = (await hfv(A, B, '--html')).stdout;
    expect(page).not.toMatch(/<script|alert\("|<i>/i);
    expect(page).toContain(escape(HOSTILE).slice(0, 20));
    expect(page).toContain(`<b>${escape('bailey:ch2<i>')}</b>`);
    expect(page).toContain('the <del>left</del> lung');
    // Nothing is fetched from anywhere, and the page says so to the browser.
    expect(page).toContain(`default-src 'none'`);
    expect(page).not.toMatch(/https?:|src=|@import|url\(/);
    expect(page.match(/<details>/g)).toHaveLength(2);
  });

  test('escapes whatever could end a text or an attribute', () => {
    expect(escape(`<>&"'`)).toBe('&#60;&#62;&#38;&#34;&#39;');
  });

  test('says what it leaves out', async () => {
    const page = (await hfv(A, B, '--html', '--limit', '1')).stdout;
    expect(page).toContain('SQLite: 1 more chapter left out (limit 1); the totals are exact.');
    expect(page.match(/<details>/g)).toHaveLength(1);
  });
});

test('a comparison in colours says the same, and every list what it leaves out', async () => {
  const found = JSON.parse((await hfv(A, B, '--json', '--limit', '1', '--text')).stdout) as VersionComparison;
  const cut: VersionComparison = { ...found, texts: { list: [], leftOut: 3 }, notes: ['take care'] };
  const text = renderComparison(cut, plain);
  expect(text).toContain('and 1 more chapter; --limit shows them');
  expect(text).toContain('and 3 more texts; --limit shows them');
  expect(text).toContain('note take care');
  const colours = new RegExp(`${ANSI}\\[\\d+m`, 'g');
  expect(renderComparison(cut, painted).replace(colours, '')).toBe(text);
  expect(comparisonPage({ ...cut, same: true, stores: [] })).toContain('The same.');
});
