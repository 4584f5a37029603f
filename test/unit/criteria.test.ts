import type { ProbeComparison } from '../../domain/probes';
import { judgeCriteria, unmetCriteria, type CriteriaFacts, type CriterionResult } from '../../domain/criteria';
import { comparison, criteriaFacts, inventory, probe, row } from '../support/report';

const nothing: CriteriaFacts = {
  before: null,
  schema: null,
  row: null,
  after: null,
  fingerprints: [],
  probes: [],
  checks: [],
  operational: null,
};
const good = criteriaFacts();
const failing = (results: CriterionResult[]) => results.filter(({ passed }) => !passed).map(({ number }) => number);
const after = (change: Partial<NonNullable<CriteriaFacts['after']>>) => {
  if (!good.after) throw new Error('the good facts have counts');
  return criteriaFacts({ after: { ...good.after, ...change } });
};
const stores = (other: 'sqlite' | 'qdrant' | 'neo4j') =>
  criteriaFacts({ fingerprints: (['sqlite', 'qdrant', 'neo4j'] as const).map((s) => comparison(s, s !== other)) });

describe('the eight success criteria', () => {
  test('all hold for a migration that went well, with numbers of the inventory on both sides', () => {
    const results = judgeCriteria(good);
    expect(results.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(failing(results)).toEqual([]);
    expect(results[2]).toEqual({
      number: 3,
      title: 'All 3 chapters accessible',
      passed: true,
      expected: 'chapters: 3; per textbook: bailey 2, sabiston 1; content of SQLite: identical',
      actual: 'chapters: 3; per textbook: bailey 2, sabiston 1; content of SQLite: identical',
    });
    expect(results[3]?.title).toBe('All 2,000 vectors queryable');
    expect(results[4]?.actual).toBe('paragraphs: 2,000; with the label: 2,000; without it: 0');
  });

  test('nothing that was not reached has passed', () => {
    const results = judgeCriteria(nothing);
    expect(failing(results)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(results.map(({ actual }) => actual))).toEqual(new Set(['not reached']));
    expect(results[3]?.title).toBe('All vectors queryable');
  });

  test('what was reached is told although the rest was not', () => {
    const [, , third] = judgeCriteria({ ...good, fingerprints: [] });
    expect(third).toMatchObject({
      passed: false,
      actual: expect.stringContaining('content of SQLite: not reached') as unknown,
    });
  });

  test('before the commit the first is left out, and the row is not committed yet', () => {
    const facts = criteriaFacts({ row: { ...row, status: 'validating', validationPassed: null } });
    const results = judgeCriteria(facts, { beforeCommit: true });
    expect(results.map(({ number }) => number)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(unmetCriteria(results)).toEqual([]);
    expect(failing(judgeCriteria(facts))).toEqual([1]);
  });

  test.each<[string, number[], CriteriaFacts, RegExp]>([
    ['no row', [1, 8], criteriaFacts({ row: null }), /version_registry: fits; v1_baseline entry: not reached/],
    ['another status', [1], criteriaFacts({ row: { ...row, status: 'validating' } }), /status: validating/],
    ['a path missing', [1], criteriaFacts({ row: { ...row, neo4jSnapshotPath: null } }), /snapshot paths: 2/],
    ['other chapters in the row', [1], criteriaFacts({ row: { ...row, chapterCount: 4 } }), /chapters: 4/],
    ['no paragraphs in the row', [1], criteriaFacts({ row: { ...row, paragraphCount: null } }), /paragraphs: none/],
    ['a validation that failed', [1], criteriaFacts({ row: { ...row, validationPassed: false } }), /passed: false/],
    [
      'a registry of another shape',
      [1],
      criteriaFacts({
        schema: { differences: ['version_registry: notes missing'], operationLogRows: 0, earlierRows: 0 },
      }),
      /notes missing/,
    ],
    [
      'a log of another shape',
      [2],
      criteriaFacts({
        schema: { differences: ['operation_log: details missing'], operationLogRows: 0, earlierRows: 0 },
      }),
      /details missing/,
    ],
    [
      'a log that is not empty',
      [2],
      criteriaFacts({ schema: { differences: [], operationLogRows: 1, earlierRows: 0 } }),
      /rows: 1;/,
    ],
    ['chapters lost', [3, 6], after({ chapters: 2 }), /chapters: 2/],
    ['another distribution', [3], after({ perTextbook: { bailey: 1, sabiston: 2 } }), /bailey 1, sabiston 2/],
    ['other rows in SQLite', [3, 6], stores('sqlite'), /SQLite: 1 differ: bailey:ch60 \(12 -> 11\)/],
    ['points lost', [4, 6], after({ points: 1_999 }), /points: 1,999/],
    ['a yellow collection', [4], after({ qdrantStatus: 'yellow' }), /status: yellow/],
    ['other points', [6], stores('qdrant'), /content of Qdrant: 1 differ/],
    [
      'a paragraph without the label',
      [5],
      after({ labels: { paragraphs: 2_000, labelled: 1_999, unlabelled: 1 } }),
      /with the label: 1,999; without it: 1/,
    ],
    [
      'paragraphs lost',
      [5, 6],
      after({ labels: { paragraphs: 1_999, labelled: 1_999, unlabelled: 0 } }),
      /paragraphs: 1,999/,
    ],
    ['nodes lost', [6], after({ nodes: 1 }), /nodes: 1;/],
    ['relationships lost', [6], after({ relationships: 1 }), /relationships: 1;/],
    ['another graph', [6], stores('neo4j'), /content of Neo4j: 1 differ/],
    [
      'a critical check that failed',
      [6],
      criteriaFacts({ checks: [{ name: 'orphans', severity: 'critical', passed: false, expected: '0', actual: '2' }] }),
      /1 of 1 failed \(orphans\)/,
    ],
    [
      'a search without results',
      [4, 7],
      criteriaFacts({
        probes: [
          probe('search "x"', { results: 0, identical: false, verdict: 'failed', why: 'timed out' }),
          probe('hierarchy a'),
        ],
      }),
      /search "x": timed out/,
    ],
    [
      'another hierarchy',
      [7],
      criteriaFacts({ probes: [probe('search "x"'), probe('hierarchy a', { identical: false, verdict: 'failed' })] }),
      /hierarchies: 0 of 1 identical \(hierarchy a\)/,
    ],
    [
      'another answer of a command',
      [7],
      criteriaFacts({ probes: [...good.probes, probe('command ls', { identical: false, verdict: 'failed' })] }),
      /commands: 0 of 1/,
    ],
    [
      'answers that come too late',
      [7],
      criteriaFacts({ probes: [...good.probes, probe('search "y"', { verdict: 'failed', why: '90 % slower' })] }),
      /response times: 1 slower \(search "y": 90 % slower\)/,
    ],
    ['a test row that stays', [2, 8], criteriaFacts({ operational: { inserted: 1, found: 1, left: 1 } }), /left 1/],
    ['a log that refuses entries', [2, 8], criteriaFacts({ operational: 'database is locked' }), /database is locked/],
  ])('%s fails exactly %j', (_, numbers, facts, told) => {
    const results = judgeCriteria(facts);
    expect(failing(results)).toEqual(numbers);
    expect(results.find(({ number }) => number === numbers[0])?.actual).toMatch(told);
    expect(unmetCriteria(results).map(({ number }) => number)).toEqual(numbers);
  });

  test('what was not judged is no part of what is in time, and is told with the reason', () => {
    const told = (...probes: ProbeComparison[]) => judgeCriteria(criteriaFacts({ probes }))[6];
    expect(told(...good.probes)?.actual).toMatch(/response times: all [0-9]+$/);
    const open = probe('command ls', { notJudged: '2 samples (6.2 s each) are too few to judge by' });
    const text = '; 1 not judged (command ls: 2 samples (6.2 s each) are too few to judge by)';
    const [judged, all] = [good.probes.length, good.probes.length + 1];
    expect(told(...good.probes, open)).toMatchObject({ passed: true });
    expect(told(...good.probes, open)?.actual).toContain(`response times: ${judged} of ${all}${text}`);
    const slow = probe('search "y"', { verdict: 'failed', why: '90 % slower' });
    expect(told(...good.probes, open, slow)?.actual).toContain(`1 slower (search "y": 90 % slower)${text}`);
  });

  test('answers that are slower, but not too slow, do not meet the criterion and are a warning', () => {
    const slower = probe('search "y"', { verdict: 'warning', why: '15 % slower' });
    const results = judgeCriteria(criteriaFacts({ probes: [...good.probes, slower] }));
    expect(results[6]).toMatchObject({
      passed: false,
      severity: 'warning',
      actual: expect.stringContaining('15 %') as unknown,
    });
    expect(unmetCriteria(results)).toEqual([]);
    const other = { ...slower, name: 'search "z"', identical: false, verdict: 'failed' as const };
    expect(unmetCriteria(judgeCriteria(criteriaFacts({ probes: [...good.probes, slower, other] })))).toHaveLength(1);
  });

  test('a log that was there before holds what earlier runs wrote, and nothing else', () => {
    const log = (operationLogRows: number) =>
      judgeCriteria(criteriaFacts({ schema: { differences: [], operationLogRows, earlierRows: 7 } }))[1];
    expect(log(7)).toMatchObject({
      passed: true,
      expected: expect.stringContaining('rows, all of earlier runs: 7') as unknown,
    });
    expect(log(8)?.passed).toBe(false);
  });

  test('a corpus of another size is judged by its own inventory', () => {
    const small = { ...inventory, sqlite: { ...inventory.sqlite, chapters: 1, perTextbook: { gray: 1 } } };
    expect(failing(judgeCriteria(criteriaFacts({ before: small })))).toEqual([1, 3, 6]);
    expect(judgeCriteria(criteriaFacts({ before: small }))[2]?.title).toBe('All 1 chapters accessible');
  });
});
