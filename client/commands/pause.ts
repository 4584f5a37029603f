import type { Command } from 'commander';
import type { PauseView } from '../../domain/baseline';
import { pauseUpdate, type PauseRequest } from '../../workflows/messages';
import { isRunning, requireRunning, type Change } from '../changes';
import type { Context } from '../context';
import { seconds } from '../numbers';
import { whoAsks } from '../person';
import type { Host } from '../host';
import { pauseText } from '../render/narrator';
import type { Session } from '../temporal';
import { askUpdate } from '../updates';
import { progressOf } from '../watch';

interface Flags {
  reason?: string;
  for?: number;
  by?: string;
  timeout: number;
}

/** `hfv pause`: stops Neo4j writes at the end of the batch in flight, and answers once Neo4j is quiet. */
export function addPause(program: Command, host: Host): void {
  program
    .command('pause')
    .description('pause Neo4j writes of the running change; answers once Neo4j is quiet')
    .option('--reason <text>', 'why; shown to everybody who looks')
    .option('--for <seconds>', 'resume by itself after this time', seconds)
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--timeout <seconds>', 'how long to wait for the answer', seconds, 30)
    .action(
      host.run<Flags>((context, { reason, for: forSeconds, by, timeout }) =>
        context.withTemporal(async (session) => {
          const change = await requireRunning(session, context.settings().base);
          const request: PauseRequest = { reason, forSeconds, by: by ?? whoAsks() };
          const pause = await askUpdate(session, timeout, () =>
            change.handle.executeUpdate<PauseView, [PauseRequest]>(pauseUpdate.name, { args: [request] }),
          );
          await printGate(context, session, change, pause);
        }),
      ),
    );
}

/** Prints the state of the write gate and how far labelling is. */
export async function printGate(context: Context, session: Session, change: Change, pause: PauseView): Promise<void> {
  const labels = isRunning(change) ? ((await progressOf(session, change))?.labels ?? null) : null;
  const { workflowId, runId, url } = change;
  context.out.result({ pause, labels, workflowId, runId, url }, () => pauseText(pause, labels));
}
