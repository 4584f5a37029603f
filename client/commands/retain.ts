import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { findLeftovers } from '../../inspection/leftovers';
import { lookAtWindow } from '../../inspection/retention';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { seconds } from '../numbers';
import { confirm, whoAsks } from '../person';
import { renderApplied, renderRetentionPlan, retentionScheduleText, type RetentionPlanView } from '../render/retention';
import { awaitRetention, isOpenIn, runRetention } from '../retention';
import { retentionSchedule, scheduleRetention, unscheduleRetention } from '../retention-schedule';
import { withStores } from '../stores';
import type { Session } from '../temporal';
import { everyTime } from './health';

interface Flags {
  dryRun?: boolean;
  emergency?: boolean;
  yes?: boolean;
  by?: string;
  timeout?: number;
}

/** `hfv retain`: applies the sliding window of versions, or says what applying it would do; its verbs see to the schedule. */
export function addRetain(program: Command, host: Host): void {
  const retain = program
    .command('retain')
    .description(
      'archive the versions beyond the window, delete what was archived for long, sweep what killed runs left',
    )
    .option(
      '--dry-run',
      'only say what would leave, why, and how many bytes; changes nothing, works with Temporal down',
    )
    .option('--emergency', 'space is wanted now: keep fewer versions, and delete where else would be archived')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .option('--yes', 'do not ask on a terminal')
    .option('--timeout <seconds>', 'let go after this long; it goes on', seconds)
    .action(host.run<Flags>((context, flags) => (flags.dryRun ? dryRun(context, flags) : apply(context, flags))));
  retain
    .command('schedule')
    .description('have the window applied by schedule, or change how often')
    .option('--every <time>', 'how often: 12h, 1d', everyTime, 24 * 3_600)
    .action(host.run<{ every: number }>(schedule));
  retain.command('unschedule').description('end applying the window by schedule').action(host.run(unschedule));
}

async function dryRun(context: Context, flags: Flags): Promise<void> {
  const view = await planOf(context, flags);
  context.out.result(view, (color) => renderRetentionPlan(view, color));
}

/** What Temporal alone knows is left open where it does not answer: the schedule, and whether a run goes on. */
async function planOf(context: Context, { emergency = false }: Flags): Promise<RetentionPlanView> {
  const { base, retention } = context.settings();
  const look = (session: Session | undefined) =>
    withStores(context, async (stores) => {
      const deps = { ...stores, retention };
      const plan = await lookAtWindow(deps, { emergency });
      const { leftovers, notes } = await findLeftovers(deps, { isOpen: session && isOpenIn(session) });
      const schedule = session && (await retentionSchedule(session, base).catch(() => undefined));
      return { base, dryRun: true as const, plan, leftovers, schedule, notes };
    });
  const notes: string[] = [];
  const view = await withOrWithoutTemporal(context, look, notes);
  return { ...view, notes: [...view.notes, ...notes] };
}

/** What fails once it is connected is the work's own failure. */
async function withOrWithoutTemporal<T>(
  context: Context,
  work: (session: Session | undefined) => Promise<T>,
  notes: string[],
): Promise<T> {
  let connected = false;
  try {
    return await context.withTemporal((session) => {
      connected = true;
      return work(session);
    });
  } catch (error) {
    if (connected || !(error instanceof HybridFlowError)) throw error;
    notes.push(`Temporal was not asked: ${error.facts.found}`);
    return work(undefined);
  }
}

async function apply(context: Context, flags: Flags): Promise<ExitCode | void> {
  const { out } = context;
  const { emergency = false } = flags;
  if (!flags.yes && !out.json && process.stdin.isTTY && process.stderr.isTTY) {
    const view = await planOf(context, flags);
    out.note(renderRetentionPlan(view, out.noteColor));
    if (!(await confirm('Do this now?'))) {
      out.result({ requested: false }, () => 'Left as it is.');
      return;
    }
  }
  const { base } = context.settings();
  return context.withTemporal(async (session) => {
    const run = await runRetention(session, base, { emergency, startedBy: flags.by ?? whoAsks() });
    if (run.url) out.note(`Temporal: ${run.url}`);
    const applied = await awaitRetention(run, flags.timeout);
    // What was done must be told, whatever becomes of this question.
    const schedule = await retentionSchedule(session, base).catch(() => undefined);
    const { workflowId, runId, url } = run;
    out.result({ ...applied, schedule, workflowId, runId, url }, (color) => renderApplied(applied, schedule, color));
    return EXIT.done;
  });
}

async function schedule(context: Context, { every }: { every: number }): Promise<void> {
  const { base } = context.settings();
  const made = await context.withTemporal((session) => scheduleRetention(session, base, every));
  context.out.result({ base, schedule: made }, () => `${base}: ${retentionScheduleText(made)}`);
}

async function unschedule(context: Context): Promise<void> {
  const { base } = context.settings();
  const removed = await context.withTemporal((session) => unscheduleRetention(session, base));
  const text = removed ? 'its window is not applied by schedule any more' : 'there was no schedule';
  context.out.result({ base, removed }, () => `${base}: ${text}`);
}
