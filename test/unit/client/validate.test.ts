import { checkNumbers } from '../../../client/commands/validate';
import { runProgram } from '../../../client/program';
import { renderChecks, type ChecksView } from '../../../client/render/checks';
import type { CheckResult } from '../../../domain/checks';
import { ANSI, fakeWorld, painted, plain } from './support';

const result = (number: number, overrides: Partial<CheckResult> = {}): CheckResult => ({
  ...{ number, name: `check ${number}`, severity: 'critical', passed: true, expected: 'all', actual: '9 of 9' },
  ...{ durationMs: 1_234, offenders: { total: 0, samples: [] } },
  ...overrides,
});
const offenders = { total: 1_250, samples: ['only in Qdrant: a', 'only in Neo4j: b'] };
const view = (overrides: Partial<ChecksView>): ChecksView => {
  return { base: 'kb', passed: true, warnings: 0, checks: [result(1)], ...overrides };
};

test('a row a check, with what was expected, what was found and how long it took', () => {
  const lines = renderChecks(view({}), plain).split('\n');
  expect(lines[0]).toBe('kb valid');
  expect(lines[3]).toMatch(/^1 {2}check 1 {2}critical {2}passed +all +9 of 9 +1\.2 s$/);
  expect(lines).toHaveLength(4);
  expect(renderChecks(view({}), painted)).toContain(ANSI);
});

test('what fails is told with its samples, and how many more there are', () => {
  const failed = result(4, { passed: false, actual: '8 in both', offenders });
  const text = renderChecks(view({ passed: false, checks: [result(1), failed] }), plain);
  expect(text).toContain('kb NOT valid: 1 critical check failed');
  expect(text.split('\n').slice(-4)).toEqual([
    'FAILED 4. check 4: 8 in both',
    '  only in Qdrant: a',
    '  only in Neo4j: b',
    '  and 1,248 more',
  ]);
});

test('a failed warning leaves the base valid', () => {
  const failed = result(6, { passed: false, severity: 'warning', offenders: { total: 1, samples: ['x'] } });
  const text = renderChecks(view({ warnings: 1, checks: [failed] }), plain);
  expect(text.split('\n')[0]).toBe('kb valid, 1 warning');
  expect(text).toContain('warning 6. check 6');
  expect(text).not.toContain('more');
});

test('numbers of checks are gathered, and only those that there are', async () => {
  expect(checkNumbers('7', checkNumbers('2', undefined))).toEqual([2, 7]);
  for (const bad of ['0', '8', '1.0', 'x', '']) expect(() => checkNumbers(bad, undefined)).toThrow('Expected one of');
  const world = fakeWorld();
  expect(await runProgram(['validate', '--check', '8'], world)).toBe(2);
});
