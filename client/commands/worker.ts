import { Option, type Command } from 'commander';
import { ROLES, type Role } from '../../worker/create';
import { createLogger, installRuntime } from '../../worker/logger';
import { runWorker } from '../../worker/run';
import type { Host } from '../host';

/** `hfv worker`: does the work of migrations until it is stopped. */
export function addWorker(program: Command, host: Host): void {
  program
    .command('worker')
    .description('run a worker until Ctrl-C; it logs to stderr')
    .addOption(new Option('--role <role>', 'what to take on').choices(ROLES).default('all'))
    .action(
      host.run<{ role: Role }>(async (context, { role }) => {
        const settings = context.settings();
        // The worker reads the TEMPORAL_* variables itself; flags of this command line win over them.
        Object.assign(process.env, context.env);
        const logger = createLogger();
        installRuntime(logger);
        await runWorker({ settings, role, logger });
        context.out.result({ worker: 'stopped', role, base: settings.base }, () => 'Worker stopped.');
      }),
    );
}
