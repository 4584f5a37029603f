import { CommanderError } from 'commander';
import type { BaselineOutcome } from '../../domain/baseline';
import { HybridFlowError } from '../../domain/errors';
import type { Colors } from '../output';
import { compensationLines } from './outcome';
import { rollbackLines, triggerText, unmetLines } from './verdict';
import { redact } from '../../domain/masking';
import { fields } from './text';

/** What `--json` prints where a command fails. Field names are part of the contract. */
export interface ErrorView {
  error: {
    code: string;
    message: string;
    found: string;
    expected: string | null;
    next: string | null;
    details: Record<string, unknown> | null;
  };
}

/** Any error as the one shape that is shown, secrets masked. */
export function errorView(error: unknown, secrets: readonly string[] = []): ErrorView {
  return redact({ error: describe(error) }, secrets);
}

/** An error for people: the code, what was found, what was expected, what to do next. */
export function renderError({ error }: ErrorView, color: Colors): string {
  const { code, found, expected, next, details } = error;
  const outcome = details?.outcome as BaselineOutcome | undefined;
  const run = details?.run as { url: string | null } | undefined;
  return [
    `${color.red('error')} ${color.bold(code)}`,
    ...fields([
      ['found', found],
      ['expected', expected],
      ['next', next],
      ['trigger', outcome?.trigger && triggerText(outcome.trigger)],
      ['report', outcome?.reportPath],
      ['Temporal', run?.url],
    ]),
    ...unmetLines(outcome?.criteria, color),
    ...(outcome ? compensationLines(outcome.compensations, color) : []),
    ...(outcome?.rollback ? rollbackLines(outcome.rollback, color) : []),
    ...(outcome?.warnings ?? []).map((warning) => `  ${color.yellow('warning')} ${warning}`),
  ].join('\n');
}

function describe(error: unknown): ErrorView['error'] {
  if (error instanceof HybridFlowError) {
    const { found, expected = null, next = null, details = null } = error.facts;
    return { code: error.code, message: error.message, found, expected, next, details };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof CommanderError) {
    const found = message.replace(/^error: /, '');
    const next = 'see `hfv --help`, or `hfv <command> --help`';
    return { code: 'USAGE', message: found, found, expected: null, next, details: null };
  }
  const next = 'run it again with HFV_DEBUG=1 for the stack, and report it';
  return { code: 'UNEXPECTED', message, found: message, expected: null, next, details: null };
}

/** The stack of an error and of what caused it, for HFV_DEBUG=1. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
