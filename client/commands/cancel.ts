import type { Command } from 'commander';
import type { PublishOutcome } from '../../domain/publish';
import type { StagingView } from '../../domain/staging';
import { cancelUpdate, extendUpdate, type CancelRequest, type ExtendRequest } from '../../workflows/messages';
import type { Host } from '../host';
import { follow } from '../migration';
import { minutes, seconds } from '../numbers';
import { confirm, whoAsks } from '../person';
import { requireStaging } from '../publishing';
import { askUpdate } from '../updates';
import { printEnd } from './commit';

interface CancelFlags {
  reason?: string;
  by?: string;
  yes?: boolean;
  timeout?: number;
}

interface ExtendFlags {
  minutes?: number;
  by?: string;
}

const ANSWER_SECONDS = 30;

/** `hfv cancel`: gives a staged version up; nothing of it stays. */
export function addCancel(program: Command, host: Host): void {
  program
    .command('cancel')
    .description('give the staged version up: everything of it is removed, production is not touched')
    .option('--reason <text>', 'why; written to the records')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--yes', 'do not ask on a terminal')
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .action(
      host.run<CancelFlags>((context, { reason, by, yes, timeout }) =>
        context.withTemporal(async (session) => {
          const { change, view } = await requireStaging(context, session, { orPreparing: true });
          const asks = !yes && !context.out.json && process.stdin.isTTY && process.stderr.isTTY;
          if (asks && !(await confirm(`Give up ${view.versionId ?? 'the staging'} and all that was written to it?`))) {
            context.out.result({ requested: false }, () => 'Left as it is.');
            return;
          }
          const request = { reason, by: by ?? whoAsks() };
          await askUpdate(session, ANSWER_SECONDS, () =>
            change.handle.executeUpdate<string, [CancelRequest]>(cancelUpdate.name, { args: [request] }),
          );
          return printEnd(
            context,
            // Its end and nothing else: a `ready` that was refused before is no answer to this.
            await follow<PublishOutcome>(context, session, change, { attached: true, timeoutSeconds: timeout }),
            'cancelled',
          );
        }),
      ),
    );
}

/** `hfv extend`: keeps a staging open for longer. */
export function addExtend(program: Command, host: Host): void {
  program
    .command('extend')
    .description('keep the staging open for longer')
    .option('--minutes <n>', 'from now on (default: as configured)', minutes)
    .option('--by <name>', 'who asks for it (default: user@host)')
    .action(
      host.run<ExtendFlags>((context, { minutes: given, by }) =>
        context.withTemporal(async (session) => {
          const { change } = await requireStaging(context, session);
          const request = { minutes: given, by: by ?? whoAsks() };
          const staging = await askUpdate(session, ANSWER_SECONDS, () =>
            change.handle.executeUpdate<StagingView, [ExtendRequest]>(extendUpdate.name, { args: [request] }),
          );
          context.out.result({ staging }, () => `Open until ${staging.deadline ?? 'it is promoted'}.`);
        }),
      ),
    );
}
