import type { Command } from 'commander';
import { down, type StackStatus } from '../../stack/stack';
import type { Context } from '../context';
import type { Host } from '../host';
import { stopWorker } from '../worker-process';
import { progressLines, renderServices, stackView } from './up';

/** `hfv down`: stops exactly what was started here. Data stays. */
export function addDown(program: Command, host: Host): void {
  program
    .command('down')
    .description('stop what was started here (services and the demo’s worker); data and logs stay')
    .action(
      host.run(async (context) => {
        const { status, worker } = await stopStack(context);
        const view = { ...stackView(status), worker };
        context.out.result(
          view,
          (color) => `${renderServices(status, color)}\n\nData and logs stay in ${status.root}.`,
        );
      }),
    );
}

/** The worker first, so that it can hand back what it is doing while the services still answer. */
export async function stopStack(context: Context): Promise<{ status: StackStatus; worker: 'stopped' | 'not running' }> {
  const { stackRoot: root, env, out } = context;
  const worker = await stopWorker(root, (line) => out.note(line));
  const status = await down({ root, env, onProgress: progressLines((line) => out.note(line)) });
  return { status, worker };
}
