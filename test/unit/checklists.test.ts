import { judgeChecklists, type ChecklistFacts } from '../../domain/checklists';
import { judgeCriteria } from '../../domain/criteria';
import { checklistFacts, comparison, criteriaFacts, inventory, plan, probe } from '../support/report';

const boxes = (overrides: Partial<ChecklistFacts> = {}) => judgeChecklists(checklistFacts(overrides));
const box = (text: string, overrides: Partial<ChecklistFacts> = {}) => {
  const found = boxes(overrides).find((item) => item.text.includes(text));
  if (!found) throw new Error(`no box "${text}"`);
  return found;
};
const empty: Partial<ChecklistFacts> = {
  outcome: 'refused',
  before: null,
  schema: null,
  row: null,
  after: null,
  fingerprints: [],
  probes: [],
  checks: [],
  operational: null,
  plan: null,
  preMigrationPath: null,
  probesBefore: null,
  latestCopyPath: null,
  artifacts: [],
  manifestPath: null,
  rehearsal: [],
  criteria: [],
};
const log = { path: '/l/neo4j.log', readable: true, errors: 0, samples: [], since: '', undated: 0, note: null };

describe('the three checklists', () => {
  test('hold every box of the plan, in its words and order', () => {
    const lists = boxes();
    const of = (list: string) => lists.filter((item) => item.list === list).map(({ text }) => text);
    expect(of('before')).toEqual([
      'All backups verified (from TASK M0.1)',
      'Pre-migration report reviewed',
      'Docker containers running and healthy',
      'Disk space sufficient (>500 MB free)',
      'No active ingestion operations',
      'Test queries executed and results saved',
    ]);
    expect(of('during')).toEqual([
      'Schema changes applied successfully',
      'version_registry table created',
      'operation_log table created',
      'v1_baseline entry inserted',
      'Snapshots created (metadata, Qdrant, Neo4j)',
      'Neo4j labels added to all paragraphs',
      'No errors in Docker logs',
    ]);
    expect(of('after')).toEqual([
      'All 8 success criteria verified',
      'Validation checklist passed',
      'Test queries return identical results',
      'Rollback capability confirmed',
      'Documentation updated (CLAUDE.md)',
      'Migration tagged in git',
    ]);
  });

  test('a migration that went well leaves a person the logs, the documentation and the tag', () => {
    const lists = boxes();
    expect(lists.filter(({ state }) => state === 'person').map(({ text }) => text)).toEqual([
      'No errors in Docker logs',
      'Documentation updated (CLAUDE.md)',
      'Migration tagged in git',
    ]);
    expect(lists.every(({ state }) => state === 'done' || state === 'person')).toBe(true);
    expect(lists.filter(({ state, command }) => (state === 'person') !== (command !== null))).toEqual([]);
    expect(box('tagged').command).toContain('git tag -a v1.0.0-baseline -m "Baseline version');
    expect(box('Rollback').evidence).toContain('restored beside production');
  });

  test('nothing is ticked that was not reached', () => {
    const states = boxes(empty).map(({ text, state }) => [text, state]);
    expect(states.filter(([, state]) => state !== 'not reached')).toEqual([['No errors in Docker logs', 'person']]);
  });

  test('the tag that is left to a person is the configured one, in the configured repository', () => {
    expect(box('tagged', { git: { tag: 'kb-1' } }).command).toMatch(/^git tag -a kb-1 -m /);
    const git = { repository: "/srv/ada's base", tag: 'kb-1' };
    expect(box('tagged', { git })).toMatchObject({
      evidence: "in /srv/ada's base",
      command: expect.stringMatching(/^git -C '\/srv\/ada'\\''s base' tag -a kb-1 -m /) as string,
    });
  });

  test('the run’s own tag, and logs without an error, need nobody', () => {
    expect(box('tagged', { gitTag: 'v9' })).toMatchObject({ state: 'done', evidence: 'tag v9', command: null });
    expect(box('logs', { logs: [log] })).toMatchObject({ state: 'done', evidence: 'no error in /l/neo4j.log' });
    expect(box('logs', { logs: [log, { ...log, readable: false }] }).state).toBe('person');
  });

  test.each<[string, Partial<ChecklistFacts>, string]>([
    [
      'reviewed',
      { plan: { ...plan, refusals: [{ code: 'DISK_TOO_SMALL', found: 'too full', next: null }] } },
      'too full',
    ],
    ['containers', { before: { ...inventory, qdrant: { ...inventory.qdrant, status: 'red' } } }, '(red)'],
    ['Disk space', { plan: { ...plan, disk: { ...plan.disk, freeBytes: 4e8, neededBytes: 1 } } }, '400 MB free'],
    ['Disk space', { plan: { ...plan, disk: { ...plan.disk, freeBytes: 9e8, neededBytes: 2e9 } } }, '2 GB needed'],
    [
      'ingestion',
      { plan: { ...plan, writers: [{ store: 'neo4j', what: 'a LOAD CSV', since: null }] } },
      'Neo4j: a LOAD CSV',
    ],
    [
      'results saved',
      { probesBefore: { takenAt: '', embedder: '', probes: 2, failed: ['search "x"'], path: '' } },
      'search "x"',
    ],
    [
      'Schema changes',
      { schema: { differences: ['operation_log: x'], operationLogRows: 0, earlierRows: 0 } },
      'operation_log: x',
    ],
    [
      'operation_log',
      { schema: { differences: ['operation_log: x'], operationLogRows: 0, earlierRows: 0 } },
      'operation_log: x',
    ],
    ['Snapshots', { artifacts: checklistFacts().artifacts.slice(1) }, 'missing: SQLite'],
    ['Snapshots', { manifestPath: null }, 'not sealed'],
    [
      'labels',
      {
        after: {
          ...(criteriaFacts().after ?? never()),
          labels: { paragraphs: 2_000, labelled: 1_000, unlabelled: 1_000 },
        },
      },
      '1,000 of 2,000',
    ],
    ['logs', { logs: [{ ...log, errors: 2 }] }, '/l/neo4j.log: 2 errors'],
    [
      '8 success',
      { criteria: judgeCriteria(criteriaFacts({ operational: 'locked' })) },
      '6 of 8 met; not met: 2 (operation_log',
    ],
    ['8 success', { criteria: judgeCriteria(criteriaFacts(), { beforeCommit: true }) }, '7 of 8 met'],
    [
      'Validation',
      { checks: [{ name: 'orphans', severity: 'critical', passed: false, expected: '0', actual: '1' }] },
      'orphans (critical)',
    ],
    ['identical', { probes: [probe('search "x"', { identical: false })] }, '0 of 1 identical; not: search "x"'],
    [
      'Rollback',
      {
        rehearsal: [
          { ...(checklistFacts().rehearsal[0] ?? never()), passed: false, comparison: comparison('sqlite', false) },
        ],
      },
      'SQLite: sqlite beside',
    ],
  ])('%s fails with its evidence', (text, overrides, evidence) => {
    expect(box(text, overrides)).toMatchObject({
      state: 'failed',
      evidence: expect.stringContaining(evidence) as unknown,
    });
  });

  test('a check that only warns does not fail the validation, and is named', () => {
    const chains = { name: 'chains', severity: 'warning' as const, passed: false, expected: '0', actual: '1' };
    const verdict = box('Validation', { checks: [...criteriaFacts().checks, chains] });
    expect(verdict).toMatchObject({ state: 'done', evidence: '1 of 2 checks passed; not passed: chains (warning)' });
  });

  test('a rehearsal of two stores confirms nothing yet', () => {
    expect(box('Rollback', { rehearsal: checklistFacts().rehearsal.slice(1) }).state).toBe('not reached');
  });
});

function never(): never {
  throw new Error('the good facts have one');
}
