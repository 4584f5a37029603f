import type { Command } from 'commander';
import type { PauseView } from '../../domain/baseline';
import { resumeUpdate, type ResumeRequest } from '../../workflows/messages';
import { requireRunning } from '../changes';
import { seconds } from '../numbers';
import { whoAsks } from '../person';
import type { Host } from '../host';
import { askUpdate } from '../updates';
import { printGate } from './pause';

/** `hfv resume`: lets Neo4j writes go on. */
export function addResume(program: Command, host: Host): void {
  program
    .command('resume')
    .description('let paused Neo4j writes go on')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--timeout <seconds>', 'how long to wait for the answer', seconds, 30)
    .action(
      host.run<{ by?: string; timeout: number }>((context, { by, timeout }) =>
        context.withTemporal(async (session) => {
          const change = await requireRunning(session, context.settings().base);
          const request = { by: by ?? whoAsks() };
          const pause = await askUpdate(session, timeout, () =>
            change.handle.executeUpdate<PauseView, [ResumeRequest]>(resumeUpdate.name, { args: [request] }),
          );
          await printGate(context, session, change, pause);
        }),
      ),
    );
}
