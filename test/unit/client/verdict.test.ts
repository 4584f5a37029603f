import { errorView, renderError } from '../../../client/render/error';
import { renderOutcome } from '../../../client/render/outcome';
import type { BaselineOutcome } from '../../../domain/baseline';
import { judgeCriteria } from '../../../domain/criteria';
import { HybridFlowError } from '../../../domain/errors';
import type { RollbackRecord } from '../../../domain/rollback';
import { triggerFound } from '../../../domain/triggers';
import { comparison, criteriaFacts, runReport, VERSION } from '../../support/report';
import { ANSI, committedOutcome, painted, plain } from './support';

const AT = '2026-01-02T03:04:05.000Z';
const record: RollbackRecord = {
  versionId: VERSION,
  trigger: triggerFound(3, '2 orphans'),
  reason: 'r',
  steps: [
    {
      number: 4,
      name: 'delete the Qdrant staging collection',
      state: 'failed',
      detail: 'down',
      startedAt: AT,
      endedAt: AT,
    },
  ],
  restored: ['neo4j'],
  savedTo: '/b/saved',
  proof: [comparison('sqlite'), comparison('neo4j', false)],
  checks: [],
  proven: false,
  left: ['collection textbook_chunks_staging'],
  next: 'hfv rollback --continue',
};

const failed = (outcome: Partial<BaselineOutcome>) => {
  const details = { outcome: committedOutcome({ outcome: 'needs_operator', ...outcome }) };
  return renderError(errorView(new HybridFlowError('NEEDS_OPERATOR', { found: 'x', details })), plain);
};

describe('what is shown of a migration’s verdict', () => {
  test('criteria, consistency and where the report is', () => {
    const text = renderOutcome(
      committedOutcome({
        criteria: judgeCriteria(criteriaFacts()),
        consistency: runReport().consistency,
        reportPath: '/b/reports/v/report.md',
      }),
      null,
      plain,
    );
    expect(text).toMatch(/^ {2}criteria +8 of 8 met$/m);
    expect(text).toMatch(/^ {2}consistency +skew <= 3\.2 s$/m);
    expect(text).toMatch(/^ {2}report +\/b\/reports\/v\/report\.md$/m);
    expect(text).not.toContain('not met');
  });

  test('an outcome from before all this is shown as it was', () => {
    const text = renderOutcome(committedOutcome(), null, plain);
    expect(text).not.toMatch(/criteria|consistency|report/);
  });

  test('a criterion that is not met, with both sides; one that was not reached says nothing', () => {
    const facts = criteriaFacts({ operational: 'locked', probes: [] });
    const text = renderOutcome(committedOutcome({ criteria: judgeCriteria(facts) }), null, plain);
    expect(text).toMatch(/criteria +4 of 8 met/);
    expect(text).toMatch(
      /not met 8\. Versioning infrastructure operational\n {4}expected .*left 0\n {4}found .*locked/,
    );
    expect(text).not.toContain('7. Queries');
  });

  test('the trigger, the proof, what is left and the one command, where it failed', () => {
    const text = failed({ trigger: record.trigger, rollback: record, reportPath: '/r.md' });
    for (const line of [
      'trigger  3, Validation check failure (critical): 2 orphans',
      'report   /r.md',
      'sqlite: identical',
      'neo4j: 1 differ: bailey:ch60 (12 -> 11)',
      'NOT proven',
      'restored  neo4j',
      'saved to  /b/saved',
      'FAILED  step 4, delete the Qdrant staging collection: down',
      'left    collection textbook_chunks_staging',
      'continue with: hfv rollback --continue',
    ]) {
      expect(text).toContain(line);
    }
    expect(failed({})).not.toMatch(/trigger|proof|left/);
  });

  test('a proven rollback says so, with colour only where somebody sees it', () => {
    const proven = { ...record, steps: [], proven: true, left: [], next: null };
    const text = failed({ rollback: proven });
    expect(text).toContain('production is as it was');
    expect(text).not.toMatch(/FAILED|continue/);
    expect(text).not.toContain(ANSI);
    const details = { outcome: committedOutcome({ rollback: proven }) };
    expect(renderError(errorView(new HybridFlowError('ROLLED_BACK', { found: 'x', details })), painted)).toContain(
      ANSI,
    );
  });
});
