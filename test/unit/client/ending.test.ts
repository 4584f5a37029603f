import { ApplicationFailure, CancelledFailure, TerminatedFailure, WorkflowFailedError } from '@temporalio/client';
import { RetryState } from '@temporalio/common';
import type { ChangeView } from '../../../client/changes';
import { endingOf } from '../../../client/ending';
import { exitCodeOf } from '../../../client/exit-codes';
import { HybridFlowError } from '../../../domain/errors';
import { committedOutcome } from './support';

const change = (status: string): ChangeView => ({
  workflowId: 'w',
  runId: 'r',
  type: 'registerBaseline',
  status,
  startedAt: 'T',
  closedAt: null,
  url: 'http://ui',
});
const failed = (cause: Error) =>
  new WorkflowFailedError('Workflow execution failed', cause, RetryState.NON_RETRYABLE_FAILURE);

describe('how a run that failed is told', () => {
  test('a failure with a code keeps code, facts and outcome', () => {
    const outcome = committedOutcome({ outcome: 'rolled_back' });
    const cause = ApplicationFailure.create({
      type: 'ROLLED_BACK',
      message: 'long',
      details: [{ found: 'it failed', next: 'again', details: { a: 1 } }, outcome],
    });
    const error = endingOf(failed(cause), change('FAILED')) as HybridFlowError;
    expect(error).toBeInstanceOf(HybridFlowError);
    expect(error.code).toBe('ROLLED_BACK');
    expect(error.facts).toMatchObject({ found: 'it failed', next: 'again' });
    expect(error.facts.details).toEqual({ a: 1, run: { workflowId: 'w', runId: 'r', url: 'http://ui' }, outcome });
    expect(exitCodeOf(error)).toBe(3);
  });

  test('the code is found inside other failures', () => {
    const inner = ApplicationFailure.create({ type: 'BASE_BUSY', message: 'held' });
    const outer = ApplicationFailure.create({ type: 'SomethingElse', message: 'x', cause: inner });
    const error = endingOf(failed(outer), change('FAILED')) as HybridFlowError;
    expect([error.code, error.facts.found, exitCodeOf(error)]).toEqual(['BASE_BUSY', 'held', 6]);
  });

  test('cancelled from outside is rolled back: 3', () => {
    const error = endingOf(failed(new CancelledFailure('x')), change('CANCELLED'));
    expect(error.message).toContain('cancelled from outside');
    expect(exitCodeOf(error)).toBe(3);
  });

  test.each(['TERMINATED', 'TIMED_OUT'])(
    '%s needs an operator: 4, and the next change ends what was begun',
    (status) => {
      const error = endingOf(failed(new TerminatedFailure('x')), change(status)) as HybridFlowError;
      expect(error.facts.next).toContain('ends what was begun');
      expect(exitCodeOf(error)).toBe(4);
    },
  );

  test('a failure without a code is 1, with its own message', () => {
    const cause = ApplicationFailure.create({ type: 'UNEXPECTED', message: 'boom' });
    const error = endingOf(failed(cause), change('FAILED'));
    expect(error.message).toContain('boom');
    expect(exitCodeOf(error)).toBe(1);
  });
});
