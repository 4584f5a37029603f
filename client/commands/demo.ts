import { join } from 'node:path';
import type { Command } from 'commander';
import { reset, type StackStatus } from '../../stack/stack';
import type { SeedResult } from '../../stack/corpus/seed';
import { withLock } from '../../stack/toolchain/lock';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { migrate, type MigrateResult } from '../migration';
import { whole } from '../numbers';
import { whoAsks } from '../person';
import { renderDemo } from '../render/demo';
import { renderSeed } from '../render/seed-bars';
import { scaleOf, seedStores } from '../seeding';
import { ensureWorker, stopWorker, type RunningWorker } from '../worker-process';
import { stopStack } from './down';
import { printResult } from './migrate';
import { DEFAULT_SEED } from './seed';
import { progressLines, startStack, stackView } from './up';

interface Flags {
  scale: string;
  seed: number;
  fresh?: boolean;
  down?: boolean;
}

export interface Demonstration {
  stack: StackStatus;
  seeded: SeedResult;
  worker: RunningWorker;
  result: MigrateResult;
}

/** `hfv demo`: from nothing to a registered baseline, with real services. */
export function addDemo(program: Command, host: Host): void {
  program
    .command('demo')
    .description('start everything, seed the demonstration corpus, and register its baseline')
    .option('--scale <scale>', 'full, small, or a number of paragraphs', 'full')
    .option('--seed <n>', 'the same scale and number make the same corpus', whole, DEFAULT_SEED)
    .option('--fresh', 'begin with empty stores: what this stack holds is deleted')
    .option('--down', 'stop everything at the end, however it ends')
    .action(
      host.run<Flags>((context, flags) => {
        const lock = join(context.stackRoot, 'run', 'demo.lock');
        const onWait = (pid: number) => context.out.note(`another demonstration is running here (pid ${pid}); waiting`);
        return withLock(lock, () => demonstrate(context, flags), { onWait });
      }),
    );
}

async function demonstrate(context: Context, flags: Flags): Promise<ExitCode> {
  const scale = scaleOf(flags.scale);
  try {
    if (flags.fresh) await startOver(context);
    const done = await runAll(context, { ...flags, scale });
    return print(context, done, flags.down ?? false);
  } finally {
    if (flags.down) await stopStack(context);
  }
}

async function runAll(context: Context, { scale, seed }: { scale: ReturnType<typeof scaleOf>; seed: number }) {
  const { out } = context;
  out.note(heading(context, 1, 'services'));
  const stack = await startStack(context);
  // The stack's start may have written the addresses that everything from here on uses.
  context.settings({ reload: true });
  out.note(heading(context, 2, 'corpus'));
  const seeded = await seedStores(context, { scale, seed });
  out.note(renderSeed(seeded));
  return context.withTemporal(async (session): Promise<Demonstration> => {
    out.note(heading(context, 3, 'worker'));
    const worker = await ensureWorker(context, session);
    out.note(`worker    ${worker.reused ? 'running' : 'started'} (pid ${worker.pid}), log in ${worker.logFile}`);
    out.note(heading(context, 4, 'migration'));
    const result = await migrate(context, session, { input: { startedBy: whoAsks(), notes: 'hfv demo' } });
    return { stack, seeded, worker, result };
  });
}

async function startOver(context: Context): Promise<void> {
  const { stackRoot: root, env, out } = context;
  out.note('starting over: this stack’s services are stopped and its data deleted');
  await stopWorker(root, (line) => out.note(line));
  await reset({ root, env, onProgress: progressLines((line) => out.note(line)) });
}

function print(context: Context, done: Demonstration, goesDown: boolean): ExitCode {
  const { stack, seeded, worker, result } = done;
  if (result.kind === 'detached') return printResult(context, result);
  const { outcome, change, attached } = result;
  const { workflowId, runId, url } = change;
  const migration = { ...outcome, attached, workflowId, runId, url };
  context.out.result({ stack: stackView(stack), seed: seeded, worker, migration }, (color) =>
    renderDemo({ outcome, url, workflowId, stack, settings: context.settings(), goesDown }, color),
  );
  return EXIT.done;
}

function heading({ out }: Context, number: number, what: string): string {
  return out.noteColor.bold(`[${number}/4] ${what}`);
}
