import type { Command } from 'commander';
import type { Condition } from '../../domain/doctor';
import { HybridFlowError } from '../../domain/errors';
import { examine, type DoctorReport } from '../../inspection/doctor';
import type { Stores } from '../../stores/ports';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { renderDoctor } from '../render/doctor';
import { withStores } from '../stores';
import { seeTemporal, temporalDown } from '../temporal-seen';

interface Flags {
  deep?: boolean;
}

/** What a script may rely on. */
const EXIT_BY_CONDITION: Record<Condition, ExitCode> = {
  healthy: EXIT.done,
  'needs operator': EXIT.needsOperator,
  damaged: EXIT.checkFailed,
  busy: EXIT.busy,
  unreachable: EXIT.unreachable,
};

/** `hfv doctor`: in what state is the base, and what may safely be done next? It works with anything down. */
export function addDoctor(program: Command, host: Host): void {
  program
    .command('doctor')
    .description('the state of the base in words, what is left over, and the one safe next command; changes nothing')
    .option('--deep', 'read every byte of the artifacts, in place of their sizes')
    .action(
      host.run<Flags>(async (context, { deep = false }) => {
        const report = await withStores(context, (stores) => consult(context, stores, deep));
        context.out.result(report, (color) => renderDoctor(report, color));
        return EXIT_BY_CONDITION[report.condition];
      }),
    );
}

async function consult(context: Context, stores: Stores, deep: boolean): Promise<DoctorReport> {
  const { base, retention } = context.settings();
  const options = { base, retention, secrets: context.secrets(), deep };
  try {
    return await context.withTemporal(async (session) => examine(stores, await seeTemporal(context, session), options));
  } catch (error) {
    // The stores never throw here: it was Temporal that was not there, or went away.
    if (!(error instanceof HybridFlowError)) throw error;
    return examine(stores, temporalDown(error.facts.found), options);
  }
}
