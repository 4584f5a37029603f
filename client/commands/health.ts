import { InvalidArgumentError, type Command } from 'commander';
import { checkHealth } from '../../inspection/health';
import { openEmbedder } from '../../stores/embedder';
import type { Context } from '../context';
import { EXIT } from '../exit-codes';
import type { Host } from '../host';
import { renderHealth, renderHealthRuns, scheduleText } from '../render/health';
import { healthRuns, healthSchedule, scheduleHealth, unscheduleHealth } from '../schedules';
import { withStores } from '../stores';

interface ScheduleFlags {
  every: number;
}

/** `hfv health`: the six metrics now, straight from the stores; its verbs see to the checks by schedule. */
export function addHealth(program: Command, host: Host): void {
  const health = program
    .command('health')
    .description('the six metrics of the monitoring and the errors in the logs, now; works with any service down')
    .action(
      host.run(async (context) => {
        const report = await look(context);
        context.out.result(report, (color) => renderHealth(report, color));
        return report.state === 'failed' ? EXIT.checkFailed : EXIT.done;
      }),
    );
  health
    .command('schedule')
    .description('have the health checked by schedule, or change how often')
    .option('--every <time>', 'how often: 30m, 1h, 1d', everyTime, 3_600)
    .action(host.run<ScheduleFlags>(schedule));
  health.command('unschedule').description('end the checks by schedule').action(host.run(unschedule));
  health.command('show').description('the schedule, and how the last checks ended').action(host.run(show));
}

async function look(context: Context) {
  const settings = context.settings();
  const { base, probes, health, embedder } = settings;
  const { minimumFreeBytes, expectedChapters = null } = settings.migration;
  const secrets = [...context.secrets(), embedder.apiKey].filter((secret) => secret !== undefined);
  return withStores(context, (stores) =>
    checkHealth({
      ...stores,
      embedder: openEmbedder(embedder),
      settings: { base, minimumFreeBytes, expectedChapters },
      probes,
      health,
      secrets,
    }),
  );
}

async function schedule(context: Context, { every }: ScheduleFlags): Promise<void> {
  const { base } = context.settings();
  const made = await context.withTemporal((session) => scheduleHealth(session, base, every));
  context.out.result({ base, schedule: made }, () => `${base}: ${scheduleText(made)}`);
}

async function unschedule(context: Context): Promise<void> {
  const { base } = context.settings();
  const removed = await context.withTemporal((session) => unscheduleHealth(session, base));
  const text = removed ? 'its health is not checked by schedule any more' : 'there was no schedule';
  context.out.result({ base, removed }, () => `${base}: ${text}`);
}

async function show(context: Context): Promise<void> {
  const { base } = context.settings();
  const view = await context.withTemporal(async (session) => ({
    base,
    schedule: await healthSchedule(session, base),
    runs: await healthRuns(session, base),
  }));
  context.out.result(view, (color) => renderHealthRuns(view, color));
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const SHORTEST_SECONDS = 60;

/** `90s`, `30m`, `1h`, `1d` in seconds. A check takes a while itself, so that more often than every minute is refused. */
export function everyTime(text: string): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const value = Number(amount) * SECONDS[unit as keyof typeof SECONDS];
  if (value >= SHORTEST_SECONDS) return value;
  throw new InvalidArgumentError('Expected a number with s, m, h or d, at least a minute, e.g. 1h.');
}
