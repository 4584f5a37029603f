import { Option, type Command } from 'commander';
import type { PublishInput } from '../../domain/publish';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { minutes, share, seconds } from '../numbers';
import { whoAsks } from '../person';
import { stage, type Staged } from '../publishing';
import { renderStaged } from '../render/staging';

interface Flags {
  kind?: PublishInput['kind'];
  from?: string;
  requireApproval?: boolean;
  minimumOverlap?: number;
  warnAfter?: number;
  cancelAfter?: number;
  notes?: string;
  by?: string;
  attach?: boolean;
  detach?: boolean;
  timeout?: number;
}

/** `hfv stage`: opens the places that an ingestion writes a new version to, and leaves them open. */
export function addStage(program: Command, host: Host): void {
  program
    .command('stage')
    .description('open a staging for a new version: where an ingestion writes, beside production')
    .addOption(new Option('--kind <kind>', 'what kind of version it is to be').choices(['minor', 'major']))
    .option('--from <source>', 'what it begins with: production, empty, or a version')
    .option('--require-approval', 'wait for `hfv approve` between validation and promote')
    .option('--minimum-overlap <share>', 'nearest neighbours to have in common with production, 0 to 1', share)
    .option('--warn-after <minutes>', 'warn where nobody says anything for so long', minutes)
    .option('--cancel-after <minutes>', 'and cancel after so long', minutes)
    .option('--notes <text>', 'why; kept with the version')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--attach', 'go on with the staging that is open, if there is one')
    .option('--detach', 'start it and return at once')
    .option('--timeout <seconds>', 'stop waiting after this time; the run goes on', seconds)
    .action(
      host.run<Flags>(async (context, { by, detach, attach, timeout, warnAfter, cancelAfter, ...flags }) => {
        const { kind, from, requireApproval, minimumOverlap, notes } = flags;
        const input: PublishInput = {
          ...{ kind, from, requireApproval, minimumOverlap, notes, startedBy: by ?? whoAsks() },
          warnAfterMinutes: warnAfter,
          cancelAfterMinutes: cancelAfter,
        };
        const options = { detach, attach, timeoutSeconds: timeout };
        const staged = await context.withTemporal((session) => stage(context, session, input, options));
        return print(context, staged, detach === true);
      }),
    );
}

function print(context: Context, { change, attached, versionId, staging }: Staged, detach: boolean): ExitCode {
  const { workflowId, runId, url } = change;
  const view = { versionId, staging, attached, workflowId, runId, url };
  context.out.result(view, (color) => renderStaged(view, context.settings(), color));
  return staging === null && !detach ? EXIT.detached : EXIT.done;
}
