import { InvalidArgumentError, type Command } from 'commander';
import type { BaselineOutcome } from '../../domain/baseline';
import { HybridFlowError } from '../../domain/errors';
import type { PublishOutcome } from '../../domain/publish';
import type { RestoreOutcome } from '../../domain/restore';
import { findChange, isRunning, type Change } from '../changes';
import type { Context } from '../context';
import type { ExitCode } from '../exit-codes';
import { follow, type FollowOptions } from '../migration';
import { seconds } from '../numbers';
import type { Host } from '../host';
import type { Session } from '../temporal';
import { LONGEST_INTERVAL_SECONDS } from '../watch';
import { printEnd } from './commit';
import { printResult } from './migrate';
import { printRestore } from './restore';

interface Flags {
  interval?: number;
  timeout?: number;
}

/** `hfv watch`: shows the running change, or the last one, to its end. It starts nothing and changes nothing. */
export function addWatch(program: Command, host: Host): void {
  program
    .command('watch')
    .description('show the running change (or how the last one ended) to its end; exits as the command that started it')
    .option('--interval <seconds>', 'between two looks at the run, at most 5 (default: 0.25)', interval)
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .action(
      host.run<Flags>((context, flags) => context.withTemporal((session) => watchChange(context, session, flags))),
    );
}

type Show = (context: Context, session: Session, change: Change, options: FollowOptions) => Promise<ExitCode>;

/** Every kind of change that can be watched, by the name of its workflow. */
const KINDS: Record<string, { name: string; show: Show }> = {
  registerBaseline: {
    name: 'migration',
    show: async (context, session, change, options) =>
      printResult(context, await follow<BaselineOutcome>(context, session, change, options)),
  },
  publishVersion: {
    name: 'staging',
    show: async (context, session, change, options) =>
      printEnd(context, await follow<PublishOutcome>(context, session, change, options)),
  },
  restoreVersion: {
    name: 'restore',
    show: async (context, session, change, options) =>
      printRestore(context, await follow<RestoreOutcome>(context, session, change, options)),
  },
};

async function watchChange(context: Context, session: Session, flags: Flags): Promise<ExitCode> {
  const { base } = context.settings();
  const change = await findChange(session, base);
  const kind = change && KINDS[change.type];
  if (!change || !kind) throw nothingToWatch(base, change);
  context.out.note(
    isRunning(change)
      ? `watching the ${kind.name} of ${base}, running since ${change.startedAt}`
      : `no change of ${base} is running; the last one, a ${kind.name}, ended at ${change.closedAt}`,
  );
  if (change.url) context.out.note(`Temporal: ${change.url}`);
  const { timeout: timeoutSeconds, interval: intervalSeconds } = flags;
  return kind.show(context, session, change, { attached: true, timeoutSeconds, intervalSeconds });
}

function nothingToWatch(base: string, change: Change | undefined): HybridFlowError {
  return new HybridFlowError('NOT_RUNNING', {
    found: change
      ? `What runs on ${base} is no change that can be watched but ${change.type} (workflow ${change.workflowId})`
      : `No change of ${base} is running, and Temporal knows of none`,
    expected: 'a change that runs, or has run',
    next: 'see what there is with `hfv status`',
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
