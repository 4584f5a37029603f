import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Context } from '../client/context';
import { EXIT, exitCodeOf } from '../client/exit-codes';
import { positiveWhole } from '../client/numbers';
import { renderSeed } from '../client/render/seed-bars';
import { scaleOf } from '../client/seeding';
import type { Session } from '../client/temporal';
import type { Scale } from '../stack/corpus/plan';
import { down } from '../stack/stack';
import { withLock } from '../stack/toolchain/lock';
import { measureChecks } from './checks';
import { makeRoomFor, removeVersions, seedOnce } from './corpus';
import { measureLife } from './life';
import { measure } from './measure';
import { peakMemory } from './memory';
import { makeReport, renderReport, type Figures, type Report } from './report';
import { ABORTED_IN, measureRollback } from './rollback';
import { benchEnvironment, BENCH_ROOT, startBenchStack } from './stack';
import { startWorker } from './worker';

interface Flags {
  scale: string;
  runs: number;
  built?: boolean;
  json?: boolean;
  check?: boolean;
}

/** Measures the migration against real services of its own. Exits with 0 whatever it finds, unless `--check` is given. */
async function main(argv: string[]): Promise<number> {
  const flags = new Command('bench')
    .description('run the migration against services of its own and print what it took')
    .option('--scale <scale>', 'full, small, or a number of paragraphs', 'full')
    .option('--runs <n>', 'how many migrations to measure', positiveWhole, 1)
    .option('--built', 'run the worker from dist/ (see `npm run build`), as an installed package does')
    .option('--json', 'print one JSON object on stdout, everything else on stderr')
    .option('--check', `exit with ${EXIT.checkFailed} where a figure is over its budget`)
    .parse(argv, { from: 'user' })
    .opts<Flags>();
  const onWait = (pid: number) => process.stderr.write(`another benchmark is running here (pid ${pid}); waiting\n`);
  const report = await withLock(join(BENCH_ROOT, 'run', 'bench.lock'), () => bench(flags, scaleOf(flags.scale)), {
    onWait,
  });
  const over = report.verdicts.some(({ within }) => within === false);
  return flags.check && over ? EXIT.checkFailed : EXIT.done;
}

async function bench({ json = false, runs, built = false }: Flags, scale: Scale): Promise<Report> {
  try {
    // A corpus of another scale that an earlier benchmark left must not be measured with.
    await makeRoomFor(scale);
    const { context, status } = await startBenchStack(json);
    context.out.note(renderSeed(await seedOnce(context, scale)));
    const report = await context.withTemporal(async (session) => {
      const load = loadavg();
      const worker = await startWorker(context, session, built);
      try {
        const startPeakBytes = peakMemory(worker.pid);
        const figures = await measureAll(context, session, worker.pid, runs);
        const given = { scale: String(scale), services: status.services, built, startPeakBytes, load };
        return makeReport(given, figures);
      } finally {
        await worker.stop();
      }
    });
    context.out.result(report, (color) => renderReport(report, color));
    return report;
  } finally {
    await down({ root: BENCH_ROOT, env: benchEnvironment() });
  }
}

async function measureAll(context: Context, session: Session, pid: number, runs: number): Promise<Figures> {
  const figures: Figures = { runs: [], checks: [], rollbacks: [], lives: [] };
  for (let run = 1; run <= runs; run++) {
    await removeVersions(context);
    const one = await measure(context, session, pid);
    figures.runs.push(one);
    figures.checks.push(await measureChecks(context));
    for (const place of ABORTED_IN) {
      await removeVersions(context);
      figures.rollbacks.push(await measureRollback(context, session, place));
    }
    await removeVersions(context);
    figures.lives.push(await measureLife(context, session));
    context.out.note(`run ${run} of ${runs}: ${(one.migrateMs / 1_000).toFixed(1)} s`);
  }
  return figures;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  },
);
