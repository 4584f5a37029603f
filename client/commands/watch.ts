import { InvalidArgumentError, type Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { findChange, isRunning, type Change } from '../changes';
import type { Context } from '../context';
import { follow, type MigrateResult } from '../migration';
import { seconds } from '../numbers';
import type { Host } from '../host';
import type { Session } from '../temporal';
import { LONGEST_INTERVAL_SECONDS } from '../watch';
import { printResult } from './migrate';

interface Flags {
  interval?: number;
  timeout?: number;
}

/** `hfv watch`: shows the running migration, or the last one, to its end. It starts nothing and changes nothing. */
export function addWatch(program: Command, host: Host): void {
  program
    .command('watch')
    .description('show the running migration (or how the last one ended) to its end; exits as `hfv migrate` does')
    .option('--interval <seconds>', 'between two looks at the run, at most 5 (default: 0.25)', interval)
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .action(
      host.run<Flags>(async (context, flags) => {
        const result = await context.withTemporal((session) => watchChange(context, session, flags));
        return printResult(context, result);
      }),
    );
}

async function watchChange(context: Context, session: Session, flags: Flags): Promise<MigrateResult> {
  const { base } = context.settings();
  const change = await findChange(session, base);
  if (change?.type !== 'registerBaseline') throw nothingToWatch(base, change);
  context.out.note(
    isRunning(change)
      ? `watching the migration of ${base}, running since ${change.startedAt}`
      : `no migration of ${base} is running; the last one ended at ${change.closedAt}`,
  );
  if (change.url) context.out.note(`Temporal: ${change.url}`);
  return follow(context, session, change, {
    attached: true,
    timeoutSeconds: flags.timeout,
    intervalSeconds: flags.interval,
  });
}

function nothingToWatch(base: string, change: Change | undefined): HybridFlowError {
  return new HybridFlowError('NOT_RUNNING', {
    found: change
      ? `What runs on ${base} is no migration but ${change.type} (workflow ${change.workflowId})`
      : `No migration of ${base} is running, and Temporal knows of none`,
    expected: 'a migration that runs, or has run',
    next: 'start one with `hfv migrate`, or see what there is with `hfv status`',
  });
}

/** The monitoring asks for a look at a live run at least this often. */
function interval(text: string): number {
  const value = seconds(text);
  if (value > LONGEST_INTERVAL_SECONDS) {
    throw new InvalidArgumentError(`Expected at most ${LONGEST_INTERVAL_SECONDS} seconds.`);
  }
  return value;
}
