import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { startOrAttach } from '../client/changes';
import type { Context } from '../client/context';
import { exitCodeOf } from '../client/exit-codes';
import { positiveWhole } from '../client/numbers';
import { scaleOf } from '../client/seeding';
import { withStores } from '../client/stores';
import type { Session } from '../client/temporal';
import { findLeftovers } from '../inspection/leftovers';
import { down } from '../stack/stack';
import { withLock } from '../stack/toolchain/lock';
import { makeRoomFor, markSpent, seedOnce } from './corpus';
import { chapterOf, halfAPercent, publishChapters } from './life';
import { openFiles, residentMemory } from './memory';
import { benchEnvironment, BENCH_ROOT, startBenchStack } from './stack';
import { startWorker } from './worker';

interface Flags {
  scale: string;
  versions: number;
  built?: boolean;
}

/** Publishes version upon version on one base with one worker, and tells after each what has grown. */
async function main(argv: string[]): Promise<void> {
  const {
    scale,
    versions,
    built = false,
  } = new Command('soak')
    .description('publish versions back to back, and print memory, open files, disk, history and leftovers after each')
    .option('--scale <scale>', 'full, small, or a number of paragraphs', 'small')
    .option('--versions <n>', 'how many versions to publish', positiveWhole, 10)
    .option('--built', 'run the worker from dist/ (see `npm run build`), as an installed package does')
    .parse(argv, { from: 'user' })
    .opts<Flags>();
  await withLock(join(BENCH_ROOT, 'run', 'bench.lock'), () => soak(scaleOf(scale), versions, built), {});
}

async function soak(scale: ReturnType<typeof scaleOf>, versions: number, built: boolean): Promise<void> {
  try {
    await makeRoomFor(scale);
    const { context } = await startBenchStack(false);
    await seedOnce(context, scale);
    // What is published here is no corpus for the next benchmark.
    markSpent();
    await context.withTemporal(async (session) => {
      const worker = await startWorker(context, session, built);
      try {
        const { change } = await startOrAttach(session, context.settings().base, { startedBy: 'soak' });
        const size = halfAPercent(await change.handle.result());
        tell(HEADER);
        tell(await figures(context, worker.pid, 'baseline', 0, (await change.handle.describe()).historyLength));
        for (let nth = 1; nth <= versions; nth++) tell(await publishOne(context, session, worker.pid, { nth, size }));
      } finally {
        await worker.stop();
      }
    });
  } finally {
    await down({ root: BENCH_ROOT, env: benchEnvironment() });
  }
}

async function publishOne(
  context: Context,
  session: Session,
  pid: number,
  { nth, size }: { nth: number; size: number },
): Promise<string> {
  const startedAt = performance.now();
  // Long-lived ports of every kind are in use from the first version on; each edits a chapter and adds one.
  const numbers = ['1', `${900 + nth}`];
  const chapters = numbers.map((number) => chapterOf('soak', number, size, `soak ${nth}`));
  const { outcome, historyEvents } = await publishChapters(context, session, chapters, 'soak');
  return figures(context, pid, outcome.versionId, performance.now() - startedAt, historyEvents);
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

const HEADER = [
  'version'.padEnd(30),
  'seconds',
  'RSS MiB',
  'files',
  'backups MiB',
  'Qdrant MiB',
  'events',
  'leftovers',
].join('  ');

async function figures(
  context: Context,
  pid: number,
  name: string,
  elapsedMs: number,
  events: number,
): Promise<string> {
  const settings = context.settings();
  const { leftovers } = await withStores(context, (stores) =>
    findLeftovers({ ...stores, retention: settings.retention }),
  );
  const mebibytes = (bytes: number | null) => (bytes === null ? '-' : (bytes / 2 ** 20).toFixed(1));
  return [
    name.padEnd(30),
    (elapsedMs / 1_000).toFixed(1).padStart(7),
    mebibytes(residentMemory(pid)).padStart(7),
    String(openFiles(pid) ?? '-').padStart(5),
    mebibytes(diskUsed(settings.backups)).padStart(11),
    mebibytes(diskUsed(join(BENCH_ROOT, 'data', 'qdrant'))).padStart(10),
    String(events).padStart(6),
    leftovers.map(({ kind, verdict }) => `${kind} (${verdict})`).join(', ') || 'none',
  ].join('  ');
}

/** What the files below a folder take; the bytes of several names count once, and holes not at all. */
function diskUsed(folder: string): number {
  const seen = new Map<number, number>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const found = statSync(join(folder, path), { throwIfNoEntry: false });
    if (found?.isFile()) seen.set(found.ino, found.blocks * 512);
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = exitCodeOf(error);
});
