import { Command, CommanderError } from 'commander';
import { addAbort } from './commands/abort';
import { addCompare } from './commands/compare';
import { addAdoptAlias } from './commands/adopt-alias';
import { addCancel, addExtend } from './commands/cancel';
import { addApprove, addCommit, addReady } from './commands/commit';
import { addDemo } from './commands/demo';
import { addDoctor } from './commands/doctor';
import { addDown } from './commands/down';
import { addDrill } from './commands/drill';
import { addFence } from './commands/fence';
import { addHealth } from './commands/health';
import { addMigrate } from './commands/migrate';
import { addNotes } from './commands/notes';
import { addPause } from './commands/pause';
import { addPin } from './commands/pin';
import { addPlan } from './commands/plan';
import { addReport } from './commands/report';
import { addRestore } from './commands/restore';
import { addResume } from './commands/resume';
import { addRetain } from './commands/retain';
import { addRollback } from './commands/rollback';
import { addSeed } from './commands/seed';
import { addShow } from './commands/show';
import { addStage } from './commands/stage';
import { addStats } from './commands/stats';
import { addStatus } from './commands/status';
import { addUnarchive } from './commands/unarchive';
import { addUnpin } from './commands/unpin';
import { addUp } from './commands/up';
import { addValidate } from './commands/validate';
import { addVerify } from './commands/verify';
import { addVersions } from './commands/versions';
import { addWatch } from './commands/watch';
import { addWorker } from './commands/worker';
import { Context, type World } from './context';
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes';
import { addGlobalFlags, type GlobalFlags } from './flags';
import type { Host } from './host';
import { Output } from './output';
import { errorView, renderError, stackOf } from './render/error';

const VERBS = [
  [addDemo, addUp, addDown, addSeed],
  [addWorker, addPlan, addMigrate, addStatus, addWatch, addPause, addResume, addAbort, addRollback, addFence],
  [addStage, addReady, addApprove, addCommit, addCancel, addExtend],
  [addVersions, addShow, addCompare, addReport, addVerify, addHealth, addValidate],
  [addDoctor, addDrill, addNotes, addStats],
  [addRestore, addRetain, addUnarchive, addPin, addUnpin, addAdoptAlias],
].flat();

const EXIT_CODES = `
Exit codes:
  0 done                             5 a check or verification failed
  1 unexpected                       6 busy: another change is running
  2 usage, configuration, set-up     7 no such version, or nothing is running
  3 failed, and rolled back          8 a service cannot be reached, or a wait timed out
  4 needs an operator              130 Ctrl-C: let go, the run goes on`;

/** Runs one command line and returns its exit code. Nothing is thrown: every error is rendered here. */
export async function runProgram(argv: readonly string[], world: World): Promise<ExitCode> {
  let context: Context | undefined;
  let exitCode: ExitCode = EXIT.done;
  const host: Host = {
    run:
      (handler) =>
      async (...given) => {
        const command = given.at(-1) as Command;
        const flags = command.optsWithGlobals<GlobalFlags>();
        context = new Context(world, flags, command.getOptionValueSourceWithGlobals('stack') !== 'default');
        const argument = typeof given[0] === 'string' ? given[0] : '';
        exitCode = (await handler(context, flags as never, argument)) ?? EXIT.done;
      },
  };
  try {
    await buildProgram(host, world, argv.includes('--json')).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const out =
      context?.out ?? new Output(world.stdout, world.stderr, { json: argv.includes('--json'), env: world.env });
    report(error, out, context?.secrets() ?? [], world.env);
    return error instanceof CommanderError ? EXIT.usage : exitCodeOf(error);
  }
}

/** The command line: global flags and every verb. */
export function buildProgram(host: Host, { stdout, stderr }: World, json: boolean): Command {
  const program = new Command('hfv')
    .description('Versions for a knowledge base spread over SQLite, Qdrant and Neo4j.')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      // With --json the error object says it all; else the renderer of errors does. Help that was not asked for goes to stderr.
      writeErr: (text) => void (json || stderr.write(text)),
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addGlobalFlags(program);
  for (const add of VERBS) add(program, host);
  program.addHelpText('after', EXIT_CODES);
  return program;
}

function report(error: unknown, out: Output, secrets: readonly string[], env: NodeJS.ProcessEnv): void {
  const view = errorView(error, secrets);
  // `hfv` alone has printed its help already.
  const helped = error instanceof CommanderError && error.code === 'commander.help';
  if (!helped || out.json) out.failure(view, (color) => renderError(view, color));
  if (env.HFV_DEBUG === '1') out.note(errorView(new Error(stackOf(error)), secrets).error.message);
}
