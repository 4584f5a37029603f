import { runProgram } from './program';

/** `hfv`: runs the command line given to this process and ends it with the exit code of what happened. */
async function main(): Promise<void> {
  // A reader that has seen enough (`hfv versions | head -1`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  const { stdout, stderr, env } = process;
  const exitCode = await runProgram(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() });
  process.exitCode = exitCode;
  // A call to a service that was let go may still be open; it must not hold the process.
  stdout.write('', () => stderr.write('', () => process.exit(exitCode)));
}

void main();
