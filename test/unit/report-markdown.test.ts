import { judgeChecklists } from '../../domain/checklists';
import { judgeCriteria } from '../../domain/criteria';
import { renderPreMigration, renderReport } from '../../domain/report-markdown';
import { ROLLBACK_STEPS } from '../../domain/rollback';
import { triggerFound } from '../../domain/triggers';
import { checklistFacts, comparison, criteriaFacts, plan, probe, runReport, VERSION } from '../support/report';

const AT = '2026-01-02T03:04:05.000Z';

/** The text under a heading, up to the next one. */
function under(markdown: string, title: string): string {
  const [, rest] = markdown.split(`\n## ${title}\n`);
  if (rest === undefined) throw new Error(`no section "${title}"`);
  return rest.split('\n## ')[0] ?? '';
}

/** Rows of the tables of a section, each as its cells; a bar that is escaped is no border. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('the report of a run', () => {
  const text = renderReport(runReport());

  test('begins with the outcome, and has every section once', () => {
    expect(text.split('\n')[0]).toBe(`# ${VERSION}: committed`);
    const titles = text.split('\n').filter((line) => line.startsWith('## '));
    expect(titles).toEqual(
      [
        'Success criteria',
        'Checks',
        'Content of the stores',
        'Consistency of the artifacts',
        'Probes',
        'Rehearsal of the rollback',
        'Artifacts',
        'Phases and steps',
        'Labelling',
        'Rollback',
        'Checklists',
        'Logs of the services',
        'Warnings',
        'What to do next',
      ].map((title) => `## ${title}`),
    );
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toMatch(/undefined|\[object|NaN/);
  });

  test('says who, when, how long, and what there was', () => {
    const head = text.split('\n## ')[0] ?? '';
    for (const part of [
      '**Asked for by**: ann@host',
      `**Began**: ${AT}`,
      '(after 1 min 10 s)',
      '8 of 8 met',
      'Before the run: 3 chapters (bailey 2, sabiston 1), 2,000 points',
      '2,000 paragraphs of which 2,000 labelled',
      '`/b/reports/v/pre-migration.md`',
    ]) {
      expect(head).toContain(part);
    }
  });

  test('shows proof in numbers and hashes', () => {
    expect(rowsOf(under(text, 'Success criteria'))).toHaveLength(9);
    expect(rowsOf(under(text, 'Checks'))[1]).toEqual(['1', 'chapters in SQLite', 'critical', 'yes', '3', '3', '4 ms']);
    expect(rowsOf(under(text, 'Content of the stores'))[1]).toEqual([
      'SQLite',
      'yes',
      '100 in 3 groups',
      `\`${'a'.repeat(64)}\``,
      '100 in 3 groups',
      `\`${'a'.repeat(64)}\``,
      'identical',
    ]);
    expect(rowsOf(under(text, 'Probes'))[1]).toEqual([
      'search "lung anatomy"',
      'ok',
      'yes',
      '5',
      '10.0 ms',
      '10.4 ms',
      '15',
      '',
    ]);
    expect(rowsOf(under(text, 'Artifacts'))[2]).toEqual(['Qdrant', '`/b/v/qdrant`', '1,234', `\`${'d'.repeat(64)}\``]);
    expect(rowsOf(under(text, 'Rehearsal of the rollback'))).toHaveLength(4);
    expect(under(text, 'Consistency of the artifacts')).toContain('**skew**: skew \\<= 3.2 s');
    expect(rowsOf(under(text, 'Phases and steps'))[1]).toEqual(['label addition', '1 min 10 s']);
    const labelling = under(text, 'Labelling');
    expect(labelling).toContain('2 batches written; per batch p50 20 ms, p95 40 ms, max 41 ms.');
    expect(labelling).toContain('- retried with batches of 500 after: lock timeout');
  });

  test('ticks boxes, and ends with the commands that are left for a person', () => {
    const lists = under(text, 'Checklists')
      .split('\n')
      .filter((line) => line.startsWith('- ['));
    expect(lists).toHaveLength(19);
    expect(lists.filter((line) => line.startsWith('- [x]'))).toHaveLength(16);
    expect(lists.at(-1)).toMatch(/^- \[ \] Migration tagged in git — for a person: .*`git tag -a v1\.0\.0-baseline/);
    expect(under(text, 'What to do next')).toContain('```sh\ngit tag -a v1.0.0-baseline -m "Baseline');
    // A command that is copied from here works as it is.
    expect(lists.find((line) => line.includes('Docker logs'))).toContain(" 2>&1 | grep -iE 'error|exception|panic'`");
  });

  test('shows what differs and what fails, with samples', () => {
    const offenders = { total: 30, samples: ['bailey:ch1:1', 'bailey:ch1:2'] };
    const chains = {
      name: 'chains',
      severity: 'warning' as const,
      passed: false,
      expected: '0',
      actual: '30',
      offenders,
    };
    const bad = renderReport(
      runReport({
        checks: [chains],
        fingerprints: [comparison('neo4j', false)],
        probes: [probe('search "x"', { verdict: 'failed', identical: false, medianAfterMs: null, why: 'timed out' })],
      }),
    );
    expect(under(bad, 'Checks')).toContain('**no** (warning)');
    expect(under(bad, 'Checks')).toContain('chains, 2 of 30 shown:\n\n- bailey:ch1:1\n- bailey:ch1:2');
    expect(rowsOf(under(bad, 'Content of the stores')).at(-1)).toEqual([
      'bailey:ch60',
      '12, `aaaaaaaaaaaa`',
      '11, `bbbbbbbbbbbb`',
    ]);
    expect(rowsOf(under(bad, 'Probes'))[1]?.slice(1)).toEqual([
      '**failed**',
      '**NO**',
      '5',
      '10.0 ms',
      '',
      '15',
      'timed out',
    ]);
  });

  test('takes nothing that comes from outside for Markdown', () => {
    const evil = 'a | b\n# head <script> `code` *x* [link](y)';
    const chains = { name: evil, severity: 'critical' as const, passed: false, expected: evil, actual: '1' };
    const bad = renderReport(runReport({ checks: [chains], reason: evil, warnings: [evil], notes: evil }));
    const cells = rowsOf(under(bad, 'Checks'))[1];
    expect(cells).toHaveLength(7);
    expect(cells?.[1]).toBe('a \\| b # head \\<script> \\`code\\` \\*x\\* \\[link](y)');
    expect(bad.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
    expect(bad).not.toMatch(/(?<!\\)<script>/);
  });
});

describe('the report of a run that did not commit', () => {
  const facts = checklistFacts({ outcome: 'needs_operator', row: null, after: null, rehearsal: [] });
  const record = {
    versionId: VERSION,
    trigger: triggerFound(6, 'points: 1,999'),
    reason: 'counts differ',
    steps: ROLLBACK_STEPS.map((name, i) => ({
      number: i + 1,
      name,
      state: i === 4 ? ('failed' as const) : ('done' as const),
      detail: i === 4 ? 'Neo4j does not answer' : 'ok',
      startedAt: AT,
      endedAt: AT,
    })),
    restored: [],
    savedTo: null,
    proof: [comparison('sqlite'), comparison('neo4j', false)],
    checks: [],
    proven: false,
    left: ['labels: Neo4j does not answer'],
    next: 'hfv rollback --continue',
  };
  const report = runReport({
    outcome: 'needs_operator',
    reason: 'counts differ',
    trigger: record.trigger,
    rollback: record,
    compensations: [{ name: 'labels', state: 'failed', error: 'gone' }],
    criteria: judgeCriteria(criteriaFacts({ row: null, after: null })),
    checklists: judgeChecklists(facts),
  });

  test('shows the trigger, the eight steps, the proof, what is left and the one command', () => {
    const text = renderReport(report);
    expect(text.split('\n')[0]).toBe(`# ${VERSION}: needs an operator`);
    expect(text).toContain('**Trigger**: 6, Inconsistent counts across systems (critical)');
    const section = under(text, 'Rollback');
    expect(rowsOf(section).filter(([number]) => /^[1-8]$/.test(number ?? ''))).toHaveLength(8);
    expect(section).toContain('| 5 | delete staging nodes and remove the version label | **FAILED** |');
    expect(section).toContain('**Production is proven to be as it was**: **NO**');
    expect(section).toContain('1 differ: bailey:ch60');
    expect(section).toContain('- labels: Neo4j does not answer');
    expect(under(text, 'What to do next')).toContain('```sh\nhfv rollback --continue\n```');
    expect(under(text, 'Checklists')).toContain('- [ ] v1_baseline entry inserted — not reached: ');
  });

  test('says what to do after a clean rollback, and after a refusal', () => {
    const clean = renderReport(runReport({ outcome: 'rolled_back', reason: 'x' }));
    expect(under(clean, 'What to do next')).toContain('undone: mend the cause');
    const empty = { plan: null, probesBefore: null, counts: null, consistency: null, artifacts: [], checks: [] };
    const refused = renderReport(
      runReport({
        ...empty,
        outcome: 'refused',
        fingerprints: [],
        probes: [],
        rehearsal: [],
        criteria: [],
        checklists: [],
        steps: [],
      }),
    );
    expect(refused).toContain('refused; nothing was changed');
    expect(under(refused, 'Success criteria').trim()).toBe('Not reached.');
    expect(under(refused, 'Checklists').trim()).toBe('Not reached.');
    expect(under(refused, 'Rollback').trim()).toBe('There was nothing to undo.');
  });
});

describe('the pre-migration report', () => {
  test('gives counts per store and textbook, versions, disk and the command that starts exactly this', () => {
    const text = renderPreMigration(plan, null, AT);
    expect(text.split('\n')[0]).toBe('# Before the migration of kb');
    const rows = rowsOf(under(text, 'What is there'));
    expect(rows).toContainEqual([
      'Neo4j',
      '5.26.0 community',
      '2,000 paragraphs',
      expect.stringContaining('5,911 nodes'),
    ]);
    expect(rows).toContainEqual(['bailey', '2', '1,500', 'not counted']);
    expect(under(text, 'What it will take')).toContain('9 GB free below `/b`, 600 MB needed');
    expect(under(text, 'What would be refused').trim()).toBe('Nothing: the migration may begin.');
    expect(under(text, 'What to do next')).toContain(plan.hash);
    expect(under(text, 'Probes').trim()).toBe('None has been asked yet.');
  });

  test('names every refusal, writer and failed probe', () => {
    const refusals = [
      { code: 'DISK_TOO_SMALL' as const, found: 'too full', next: 'free some' },
      { code: 'LABEL_IN_USE' as const, found: 'labelled', next: null },
    ];
    const writers = [{ store: 'sqlite' as const, what: 'a lock', since: null }];
    const probes = { takenAt: AT, embedder: 'e', probes: 3, failed: ['search "x"'], path: '/p' };
    const text = renderPreMigration({ ...plan, refusals, writers }, probes, AT);
    expect(under(text, 'What would be refused').trim()).toBe(
      '- `DISK_TOO_SMALL`: too full; next: free some\n- `LABEL_IN_USE`: labelled',
    );
    expect(under(text, 'Other writers')).toContain('- SQLite: a lock');
    expect(under(text, 'Probes')).toContain('- search "x"');
  });
});
