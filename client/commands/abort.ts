import type { Command } from 'commander';
import { abort } from '../../workflows/messages';
import { requireRunning } from '../changes';
import { confirm, whoAsks } from '../person';
import type { Host } from '../host';

interface Flags {
  reason?: string;
  by?: string;
  yes?: boolean;
}

/** `hfv abort`: stops the running change and has everything rolled back. */
export function addAbort(program: Command, host: Host): void {
  program
    .command('abort')
    .description('stop the running change and roll everything back')
    .option('--reason <text>', 'why; written to the records')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--yes', 'do not ask on a terminal')
    .action(
      host.run<Flags>((context, { reason, by, yes }) =>
        context.withTemporal(async (session) => {
          const { out } = context;
          const { handle, workflowId, runId, url } = await requireRunning(session, context.settings().base);
          const asks = !yes && !out.json && process.stdin.isTTY && process.stderr.isTTY;
          const go = !asks || (await confirm(`Roll back ${workflowId} (run ${runId})?`));
          if (go) await handle.signal(abort, { reason, by: by ?? whoAsks() });
          out.result({ requested: go, workflowId, runId, url }, () =>
            go ? 'Asked for: the run rolls back at its next step. Watch it with `hfv status`.' : 'Left as it is.',
          );
        }),
      ),
    );
}
