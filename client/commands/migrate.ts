import { InvalidArgumentError, Option, type Command } from 'commander';
import { CONFIRM_FORMS, type ConfirmForm } from '../../domain/rehearsal';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import { migrate, type MigrateResult } from '../migration';
import { positiveWhole, seconds } from '../numbers';
import { whoAsks } from '../person';
import type { Host } from '../host';
import { renderOutcome } from '../render/outcome';

interface Flags {
  detach?: boolean;
  batchSize?: number;
  notes?: string;
  by?: string;
  timeout?: number;
  plan?: string;
  confirm?: ConfirmForm;
  gitTag?: boolean;
  deep?: boolean;
}

/** `hfv migrate`: registers the present production as the baseline, or attaches to the run that does. */
export function addMigrate(program: Command, host: Host): void {
  program
    .command('migrate')
    .description('register the present production as v1_baseline; attaches to a running migration')
    .option('--detach', 'start (or find) the run and return at once')
    .option('--batch-size <n>', 'paragraphs per label transaction', positiveWhole)
    .option('--notes <text>', 'kept with the version')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .option('--plan <hash>', 'go by the plan that `hfv plan` printed, and by no other', planHash)
    .addOption(
      new Option('--confirm <form>', 'how it is confirmed that the version can be rolled back to').choices(
        CONFIRM_FORMS,
      ),
    )
    .option('--deep', 'record the content of the vectors too, for `hfv verify --deep`; takes longer')
    .option('--git-tag', 'tag the configured git repository once the version is committed')
    .action(
      host.run<Flags>(async (context, { detach, batchSize, notes, by, timeout, plan, confirm, gitTag, deep }) => {
        const input = { batchSize, notes, startedBy: by ?? whoAsks(), planHash: plan, confirm, gitTag, deep };
        const request = { input, detach, timeoutSeconds: timeout };
        const result = await context.withTemporal((session) => migrate(context, session, request));
        if (result.attached && plan !== undefined) {
          context.out.warn('this run was under way already: it goes by the plan that it began with, not by --plan');
        }
        return printResult(context, result);
      }),
    );
}

function planHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected the hash that `hfv plan` prints: 64 hex digits.');
}

/** Prints how a migration ended, or that it goes on without us. */
export function printResult(context: Context, result: MigrateResult): ExitCode {
  const { change, attached } = result;
  const { workflowId, runId, url } = change;
  const run = { attached, workflowId, runId, url };
  if (result.kind === 'ended') {
    context.out.result({ ...result.outcome, ...run }, (color) => renderOutcome(result.outcome, url, color));
    return EXIT.done;
  }
  context.out.result({ outcome: 'running', base: context.settings().base, ...run }, () =>
    [
      result.interrupted ? 'Let go; the migration goes on by itself.' : `Running as ${workflowId} (run ${runId}).`,
      'Look at it with `hfv status`; come back to it with `hfv migrate`.',
    ].join('\n'),
  );
  return result.interrupted ? EXIT.detached : EXIT.done;
}
