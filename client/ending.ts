import { ApplicationFailure, type WorkflowFailedError } from '@temporalio/client';
import type { BaselineOutcome } from '../domain/baseline';
import { HybridFlowError, isErrorCode, type ErrorFacts } from '../domain/errors';
import type { ChangeView } from './changes';

/**
 * What a run that did not end well means to the caller. The codes and facts are the workflow's own; a run that
 * was ended from outside could not give any, so its status speaks.
 */
export function endingOf(error: WorkflowFailedError, change: ChangeView): Error {
  const run = { workflowId: change.workflowId, runId: change.runId, url: change.url };
  const failure = codedFailure(error.cause);
  if (failure) {
    const [facts, outcome] = (failure.details ?? []) as [ErrorFacts?, BaselineOutcome?];
    const found = facts?.found ?? failure.message;
    const details = { ...facts?.details, run, ...(outcome && { outcome }) };
    return new HybridFlowError(failure.code, { ...facts, found, details }, { cause: error });
  }
  const outside = endedFromOutside(change, run);
  if (outside) return outside;
  return new Error(`The ${change.type} failed: ${messageOf(error)}`, { cause: error });
}

interface CodedFailure {
  code: HybridFlowError['code'];
  message: string;
  details: unknown;
}

/** The outermost failure in the chain that carries one of our codes. */
function codedFailure(error: unknown): CodedFailure | undefined {
  if (error instanceof ApplicationFailure && isErrorCode(error.type)) {
    return { code: error.type, message: error.message, details: error.details };
  }
  return error instanceof Error && error.cause ? codedFailure(error.cause) : undefined;
}

/** What was wanted, and the command that tries it again. A change that was begun is ended by the next one first. */
const WANTED: Record<string, { expected: string; again: string }> = {
  registerBaseline: { expected: 'a committed baseline', again: '`hfv migrate`' },
  publishVersion: { expected: 'a committed version', again: '`hfv stage`' },
  restoreVersion: { expected: 'a restored version', again: '`hfv restore`' },
};

function endedFromOutside({ status, workflowId, type }: ChangeView, run: object): HybridFlowError | undefined {
  const { expected, again } = WANTED[type] ?? { expected: 'a run that ends by itself', again: 'the command' };
  if (status === 'CANCELLED') {
    return new HybridFlowError('ROLLED_BACK', {
      found: `The workflow ${workflowId} was cancelled from outside; everything it had made was undone`,
      expected,
      next: `run ${again} again when you are ready`,
      details: { run },
    });
  }
  if (status !== 'TERMINATED' && status !== 'TIMED_OUT') return undefined;
  return new HybridFlowError('NEEDS_OPERATOR', {
    found: `The workflow ${workflowId} was ${status === 'TERMINATED' ? 'terminated from outside' : 'timed out by Temporal'}, so it could not undo what it had made`,
    expected: `${expected}, or a rollback`,
    next: `run \`hfv rollback --continue\`, or ${again}: either first ends what was begun`,
    details: { run },
  });
}

function messageOf(error: Error): string {
  return error.cause instanceof Error ? messageOf(error.cause) : error.message;
}
