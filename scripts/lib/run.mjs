import { spawn } from 'node:child_process';

/** Runs a command to its end with its output in the steps' log. Resolves with its exit code. */
export function runLogged(command, args, { cwd, env, steps }) {
  return new Promise((resolve) => {
    steps.write(`$ ${[command, ...args].join(' ')}\n`);
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => steps.write(chunk));
    child.stderr.on('data', (chunk) => steps.write(chunk));
    child.on('error', (error) => {
      steps.write(`${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a command in the foreground. Signals reach it; its exit code becomes ours. */
export function runForeground(command, args, { cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      // A terminal's Ctrl-C already goes to every process in front; passing it on would deliver it twice.
      process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signalNumbers[signal] ?? 0)));
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
