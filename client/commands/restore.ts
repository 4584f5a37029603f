import { createInterface } from 'node:readline/promises';
import { Option, type Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { RestorePlan } from '../../domain/restore';
import { isRescueName } from '../../domain/version-id';
import { planRestore } from '../../inspection/restore';
import type { Context } from '../context';
import { EXIT, EXIT_BY_CODE, type ExitCode } from '../exit-codes';
import { seconds } from '../numbers';
import type { Host } from '../host';
import { interruptible, whoAsks } from '../person';
import { renderRestoreOutcome } from '../render/restore';
import { renderRestorePlan } from '../render/restore-plan';
import { findRestore, followRestore, restore, storesAsked, type RestoreResult } from '../restore';
import { withStores } from '../stores';

interface Flags {
  store?: StoreName[];
  dryRun?: boolean;
  yes?: boolean;
  reason?: string;
  by?: string;
  timeout?: number;
}

/** `hfv restore`: puts production back as a version has it; shows first what that changes. */
export function addRestore(program: Command, host: Host): void {
  program
    .command('restore')
    .argument('<version>', 'version id or rescue folder, as `hfv versions` lists them, latest-copy, or baseline')
    .description('put production back as a version has it: verified, checked aside, switched and proven')
    .addOption(new Option('--store <stores...>', 'only these stores; the others may drift').choices(STORE_NAMES))
    .option('--dry-run', 'show what would change, and change nothing; works without Temporal')
    .option('--yes', 'go on without asking, drift between the stores included')
    .option('--reason <text>', 'why; written to the records')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--timeout <seconds>', 'let go after this long; the restore goes on', seconds)
    .action(
      host.run<Flags>((context, flags, version) =>
        flags.dryRun ? dryRun(context, flags, version) : restoreNow(context, flags, version),
      ),
    );
}

async function dryRun(context: Context, flags: Flags, version: string): Promise<ExitCode> {
  const plan = await planOf(context, flags, version);
  context.out.result(plan, (color) => renderRestorePlan(plan, color));
  return exitOf(plan);
}

/** As the restore would end if it were started now; predicted drift is told, and refuses nothing. */
export function exitOf({ refusals }: Pick<RestorePlan, 'refusals'>): ExitCode {
  return refusals[0] ? EXIT_BY_CODE[refusals[0].code] : EXIT.done;
}

async function restoreNow(context: Context, flags: Flags, version: string): Promise<ExitCode> {
  return context.withTemporal(async (session) => {
    const asked = { version, stores: storesAsked(flags.store) };
    const running = await findRestore(session, context.settings().base, asked);
    if (running) {
      const { timeout } = flags;
      return printRestore(
        context,
        await followRestore(context, session, running, { attached: true, timeoutSeconds: timeout }),
      );
    }
    if (!flags.yes && !(await agreed(context, flags, version))) {
      context.out.result({ requested: false }, () => 'Left as it is.');
      return EXIT.done;
    }
    const input = {
      version,
      ...(asked.stores.length > 0 && { stores: asked.stores }),
      ...(flags.reason !== undefined && { reason: flags.reason }),
      startedBy: flags.by ?? whoAsks(),
      // Whoever goes on has been shown the drift, or has said that there is no need to.
      acceptDrift: true,
    };
    return printRestore(context, await restore(context, session, { input, timeoutSeconds: flags.timeout }));
  });
}

/** @throws HybridFlowError what refuses the restore already; CONFIG_INVALID where there is nobody to ask */
async function agreed(context: Context, flags: Flags, version: string): Promise<boolean> {
  const { out } = context;
  const plan = await planOf(context, flags, version);
  if (!out.json) out.note(renderRestorePlan(plan, out.noteColor));
  const [refusal] = plan.refusals;
  if (refusal) {
    const { code, found, expected, next } = refusal;
    throw new HybridFlowError(code, { found, ...(expected && { expected }), ...(next && { next }), details: { plan } });
  }
  if (out.json || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new HybridFlowError('CONFIG_INVALID', {
      found: 'A restore replaces production, and there is no terminal to ask on',
      expected: '`--yes`, once the plan is agreed on',
      next: 'look at it with `--dry-run`, then repeat the command with `--yes`; nothing was changed',
      details: { plan },
    });
  }
  const { folder, versionId } = plan.source;
  return typed(isRescueName(folder) ? folder : versionId);
}

/** More than a yes: the name of what production is to be. */
async function typed(name: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`Type ${name} to restore it: `)).trim() === name;
  } finally {
    terminal.close();
  }
}

function planOf(context: Context, { store }: Flags, version: string): Promise<RestorePlan> {
  const { base, migration } = context.settings();
  const request = { base, version, stores: storesAsked(store), minimumFreeBytes: migration.minimumFreeBytes };
  return withStores(context, (stores) => interruptible((signal) => planRestore(stores, request, {}, { signal })));
}

/** Prints how a restore ended, or that it goes on without us. */
export function printRestore({ out }: Context, result: RestoreResult): ExitCode {
  const { change, attached } = result;
  const { workflowId, runId, url } = change;
  const run = { attached, workflowId, runId, url };
  if (result.kind === 'detached') {
    out.result(
      { outcome: 'running', ...run },
      () => 'Let go; the restore goes on by itself. Look at it with `hfv status`.',
    );
    return EXIT.detached;
  }
  const { outcome } = result;
  out.result({ ...outcome, ...run }, (color) => renderRestoreOutcome(outcome, url, color));
  return outcome.proven ? EXIT.done : EXIT.checkFailed;
}
