import { InvalidArgumentError, type Command } from 'commander';
import { BASELINE_LABEL } from '../../domain/version-id';
import type { MigrationPlan } from '../../domain/plan';
import type { IsOpen } from '../../inspection/holders';
import { makePlan } from '../../inspection/plan';
import type { Context } from '../context';
import { EXIT, EXIT_BY_CODE, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { positiveWhole } from '../numbers';
import { renderPlan } from '../render/plan';
import { isRunOpen } from '../run-open';
import { withStores } from '../stores';

interface Flags {
  batchSize?: number;
  watch: number;
}

/** `hfv plan`: what a migration would find, take and refuse. Changes nothing, takes no lock, works with Temporal down. */
export function addPlan(program: Command, host: Host): void {
  program
    .command('plan')
    .description('what `hfv migrate` would find, take and refuse now, with a hash to start it by; changes nothing')
    .option('--batch-size <n>', 'paragraphs per label transaction', positiveWhole)
    .option('--watch <seconds>', 'how long to watch for other writers; 0 to skip', notNegative, 2)
    .action(
      host.run<Flags>(async (context, flags) => {
        const plan = await planOf(context, flags);
        context.out.result(plan, (color) => renderPlan(plan, flags.batchSize, color));
        return exitOf(plan);
      }),
    );
}

/** As `hfv migrate` would end if it were started now. */
export function exitOf({ refusals }: Pick<MigrationPlan, 'refusals'>): ExitCode {
  return refusals[0] ? EXIT_BY_CODE[refusals[0].code] : EXIT.done;
}

async function planOf(context: Context, { batchSize, watch }: Flags): Promise<MigrationPlan> {
  const { base, migration } = context.settings();
  const { minimumFreeBytes, expectedChapters = null, expectedParagraphs = null } = migration;
  const request = {
    base,
    label: BASELINE_LABEL,
    batchSize: batchSize ?? migration.batchSize,
    minimumFreeBytes,
    expectedChapters,
    expectedParagraphs,
  };
  if (watch > 0 && !context.out.json) context.out.note(`looking for other writers for ${watch} s`);
  return withStores(context, (stores) =>
    makePlan(stores, request, { watchMs: Math.round(1_000 * watch), isOpen: askTemporal(context) }),
  );
}

/** Only where somebody holds the base is Temporal asked; where it does not answer, nobody can say. */
function askTemporal(context: Context): IsOpen {
  return (run) => context.withTemporal((session) => isRunOpen(session, run)).catch(() => undefined);
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Expected a number of seconds, 0 or more.');
  }
  return value;
}
