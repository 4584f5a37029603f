import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { startOrAttach } from '../client/changes';
import type { Context } from '../client/context';
import { EXIT, exitCodeOf } from '../client/exit-codes';
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
import { FEWEST_VERSIONS, judgeSoak, type SoakRow, type SoakVerdict } from './soak-verdict';
import { benchEnvironment, BENCH_ROOT, startBenchStack } from './stack';
import { startWorker } from './worker';

interface Flags {
  scale: string;
  versions: number;
  built?: boolean;
  check?: boolean;
}

/**
 * Publishes version upon version on one base with one worker, and tells after each what has grown. Exits with 0 whatever
 * it finds, unless `--check` is given.
 */
async function main(argv: string[]): Promise<number> {
  const command = new Command('soak')
    .description('publish versions back to back, and print memory, open files, disk, history and leftovers after each')
    .option('--scale <scale>', 'full, small, or a number of paragraphs', 'small')
    .option('--versions <n>', 'how many versions to publish', positiveWhole, 10)
    .option('--built', 'run the worker from dist/ (see `npm run build`), as an installed package does')
    .option('--check', `exit with ${EXIT.checkFailed} where memory or open files grow, or anything is left over`)
    .parse(argv, { from: 'user' });
  const { scale, versions, built = false, check = false } = command.opts<Flags>();
  if (check && versions < FEWEST_VERSIONS) {
    command.error(`error: --check wants ${FEWEST_VERSIONS} versions or more`, { exitCode: EXIT.usage });
  }
  const [baseline, ...published] = await withLock(
    join(BENCH_ROOT, 'run', 'bench.lock'),
    () => soak(scaleOf(scale), versions, built),
    {},
  );
  if (!check || !baseline) return EXIT.done;
  const verdicts = judgeSoak(baseline, published);
  for (const verdict of verdicts) tell(verdictLine(verdict));
  return verdicts.some(({ within }) => within === false) ? EXIT.checkFailed : EXIT.done;
}

function verdictLine({ name, found, limit, within }: SoakVerdict): string {
  const mark = within === null ? '-' : within ? 'ok' : 'OVER';
  return `${mark.padEnd(4)}  ${name}: ${found} (at most ${limit})`;
}

async function soak(scale: ReturnType<typeof scaleOf>, versions: number, built: boolean): Promise<SoakRow[]> {
  const rows: SoakRow[] = [];
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
        const events = (await change.handle.describe()).historyLength;
        rows.push(await figures(context, worker.pid, { name: 'baseline', elapsedMs: 0, events }));
        for (let nth = 1; nth <= versions; nth++) {
          rows.push(await publishOne(context, session, worker.pid, { nth, size }));
        }
      } finally {
        await worker.stop();
      }
    });
    return rows;
  } finally {
    await down({ root: BENCH_ROOT, env: benchEnvironment() });
  }
}

async function publishOne(
  context: Context,
  session: Session,
  pid: number,
  { nth, size }: { nth: number; size: number },
): Promise<SoakRow> {
  const startedAt = performance.now();
  // Long-lived ports of every kind are in use from the first version on; each edits a chapter and adds one.
  const numbers = ['1', `${900 + nth}`];
  const chapters = numbers.map((number) => chapterOf('soak', number, size, `soak ${nth}`));
  const { outcome, historyEvents } = await publishChapters(context, session, chapters, 'soak');
  const elapsedMs = performance.now() - startedAt;
  return figures(context, pid, { name: outcome.versionId, elapsedMs, events: historyEvents });
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

/** Reads what has grown, and tells it. */
async function figures(
  context: Context,
  pid: number,
  { name, elapsedMs, events }: { name: string; elapsedMs: number; events: number },
): Promise<SoakRow> {
  const settings = context.settings();
  const { leftovers: found } = await withStores(context, (stores) =>
    findLeftovers({ ...stores, retention: settings.retention }),
  );
  const mebibytes = (bytes: number | null) => (bytes === null ? '-' : (bytes / 2 ** 20).toFixed(1));
  const residentBytes = residentMemory(pid);
  const files = openFiles(pid);
  const leftovers = found.map(({ kind, verdict }) => `${kind} (${verdict})`);
  const line = [
    name.padEnd(30),
    (elapsedMs / 1_000).toFixed(1).padStart(7),
    mebibytes(residentBytes).padStart(7),
    String(files ?? '-').padStart(5),
    mebibytes(diskUsed(settings.backups)).padStart(11),
    mebibytes(diskUsed(join(BENCH_ROOT, 'data', 'qdrant'))).padStart(10),
    String(events).padStart(6),
    leftovers.join(', ') || 'none',
  ].join('  ');
  tell(line);
  return { name, residentBytes, openFiles: files, leftovers };
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

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  },
);
