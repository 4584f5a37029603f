import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDeps } from '../../activities';
import { createReportActivities } from '../../activities/reports';
import { openArtifactStore } from '../../stores/artifacts';
import { plan, runReport, VERSION } from '../support/report';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'hfv-reports-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function scene() {
  const artifacts = openArtifactStore(root);
  const deps = { artifacts, secrets: ['hunter2'] } as unknown as ActivityDeps;
  return { artifacts, activities: createReportActivities(deps) };
}
const read = (...names: string[]) => readFileSync(join(root, ...names), 'utf8');

test('a run’s report is written as JSON and Markdown, twice the same', async () => {
  const { activities } = scene();
  const report = runReport();
  const paths = await activities.writeRunReport(report);
  expect(paths).toEqual({
    json: join(root, 'reports', VERSION, 'report.json'),
    markdown: join(root, 'reports', VERSION, 'report.md'),
  });
  expect(JSON.parse(read('reports', VERSION, 'report.json'))).toEqual(report);
  const markdown = read('reports', VERSION, 'report.md');
  expect(markdown.split('\n')[0]).toBe(`# ${VERSION}: committed`);
  await activities.writeRunReport(report);
  expect(read('reports', VERSION, 'report.md')).toBe(markdown);
  // A version without a folder does not get one from its report.
  expect(readdirSync(root)).toEqual(['reports']);
});

test('it is beside the artifacts too, where they are', async () => {
  const { activities, artifacts } = scene();
  await artifacts.openFolder(VERSION, 'run-1');
  await activities.writeRunReport(runReport());
  for (const file of ['report.json', 'report.md']) expect(read(VERSION, file)).toBe(read('reports', VERSION, file));
});

test('the pre-migration report is written before there is a version, and answers its Markdown', async () => {
  const { activities } = scene();
  const path = await activities.writePreMigrationReport(VERSION, plan, null);
  expect(path).toBe(join(root, 'reports', VERSION, 'pre-migration.md'));
  expect(read('reports', VERSION, 'pre-migration.md')).toContain('# Before the migration of kb');
  expect(JSON.parse(read('reports', VERSION, 'pre-migration.json'))).toEqual({ plan, probes: null });
});

test('no secret is written', async () => {
  const { activities, artifacts } = scene();
  await artifacts.openFolder(VERSION, 'run-1');
  const leak = 'bolt://neo4j:other@db refused "hunter2"';
  await activities.writeRunReport(runReport({ reason: leak, warnings: [leak] }));
  await activities.writePreMigrationReport(VERSION, { ...plan, warnings: [leak] }, null);
  const folders = [join('reports', VERSION), VERSION];
  const texts = folders.flatMap((folder) => readdirSync(join(root, folder)).map((file) => read(folder, file)));
  expect(texts.length).toBeGreaterThanOrEqual(6);
  for (const text of texts) expect(text).not.toMatch(/hunter2|other@/);
  expect(texts.join('')).toContain('***@db refused');
});
