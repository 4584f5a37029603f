import type { Command } from 'commander';
import type { WorkflowHandle } from '@temporalio/client';
import { HybridFlowError } from '../../domain/errors';
import { abort, abortUpdate, type AbortRequest } from '../../workflows/messages';
import { requireRunning } from '../changes';
import { confirm, whoAsks } from '../person';
import type { Host } from '../host';
import type { Session } from '../temporal';
import { askUpdate } from '../updates';

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
          if (go) await ask(session, handle, { reason, by: by ?? whoAsks() });
          out.result({ requested: go, workflowId, runId, url }, () =>
            go ? 'Asked for: the run rolls back at its next step. Watch it with `hfv status`.' : 'Left as it is.',
          );
        }),
      ),
    );
}

const ANSWER_SECONDS = 10;

/** Asks by update, so that a run that is past aborting says so; where nobody answers, a signal waits for the next worker. */
async function ask(session: Session, handle: WorkflowHandle, request: AbortRequest): Promise<void> {
  try {
    await askUpdate(session, ANSWER_SECONDS, () =>
      handle.executeUpdate<string, [AbortRequest]>(abortUpdate.name, { args: [request] }),
    );
  } catch (error) {
    if (!(error instanceof HybridFlowError && error.code === 'WAIT_TIMED_OUT')) throw error;
    await handle.signal(abort, request);
  }
}
