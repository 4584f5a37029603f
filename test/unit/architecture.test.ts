import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** The rooms, and the rooms that each may import from. Arrows go one way; `type` arrows vanish at run time. */
const HOUSE: Record<string, { imports: string[]; types?: string[] }> = {
  domain: { imports: [] },
  workflows: { imports: ['domain'], types: ['activities'] },
  stores: { imports: ['domain'] },
  config: { imports: ['domain'] },
  inspection: { imports: ['domain', 'stores'] },
  activities: { imports: ['domain', 'stores', 'inspection'] },
  worker: { imports: ['activities', 'workflows', 'stores', 'config', 'domain'] },
  stack: { imports: ['stores', 'config', 'domain'] },
  client: { imports: ['workflows', 'worker', 'stack', 'inspection', 'stores', 'config', 'domain'] },
  bench: { imports: ['client', 'workflows', 'worker', 'stack', 'inspection', 'stores', 'config', 'domain'] },
};
const ROOT = join(__dirname, '..', '..');
const DRIVERS = /^(better-sqlite3|neo4j-driver|@qdrant\/)/;

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

const files = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?[^;]*?from\s+'([^']+)'/gm)].map(([, type, target = '']) => ({
    file,
    target: target.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), target)) : target,
    typeOnly: type !== undefined,
  }));
}

const roomOf = (target: string) => target.split(sep)[0] ?? '';

describe.each(Object.entries(HOUSE))('%s', (room, { imports, types = [] }) => {
  const found = files(room).flatMap(importsOf);

  test('imports only from the rooms below it', () => {
    const wrong = found
      .filter(({ target }) => roomOf(target) in HOUSE && roomOf(target) !== room)
      .filter(
        ({ target, typeOnly }) => !imports.includes(roomOf(target)) && !(typeOnly && types.includes(roomOf(target))),
      )
      .map(({ file, target }) => `${file} -> ${target}`);
    expect(wrong).toEqual([]);
  });

  test('leaves the drivers to stores/', () => {
    const wrong = found.filter(({ target }) => DRIVERS.test(target)).map(({ file, target }) => `${file} -> ${target}`);
    expect(room === 'stores' ? [] : wrong).toEqual([]);
  });
});

test('the rooms are found at all', () => {
  expect(Object.keys(HOUSE).flatMap(files).length).toBeGreaterThan(50);
});

test('what runs in the workflow sandbox uses no Node builtin', () => {
  const wrong = ['domain', 'workflows']
    .flatMap((room) => files(room).flatMap(importsOf))
    .filter(({ target }) => target.startsWith('node:'));
  expect(wrong).toEqual([]);
});
