#!/usr/bin/env node
// Makes a fresh clone ready, then runs the verb: node scripts/bootstrap.mjs <demo|down|test|bench|setup> [arguments].
// It runs before anything is installed, so it uses nothing but Node itself.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const VERBS = {
  demo: ['bin/hfv.mjs', 'demo'],
  down: ['bin/hfv.mjs', 'down'],
  test: ['bin/run-ts.mjs', 'test/run.ts'],
  bench: ['bin/run-ts.mjs', 'bench/run.ts'],
  setup: [],
};

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const [, , verb, ...rest] = process.argv;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  fail(
    `This is Node ${process.versions.node}; Node ${OLDEST_NODE} or newer is needed. Install it, then run the same command again.`,
    2,
  );
} else if (!Object.hasOwn(VERBS, verb ?? '')) {
  fail(`Usage: node scripts/bootstrap.mjs <${Object.keys(VERBS).join('|')}> [arguments]`, 2);
} else {
  process.exitCode = await main();
}

async function main() {
  // Imported late, so that a Node too old to read these files still gets the sentence above.
  const { ensureInstalled } = await import('./lib/install.mjs');
  const { SetupFailure } = await import('./lib/steps.mjs');
  const { runForeground } = await import('./lib/run.mjs');
  try {
    await ensureInstalled(checkout);
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    return fail(error.message, 1);
  }
  const command = VERBS[verb];
  return command.length === 0 ? 0 : runForeground(process.execPath, [...command, ...rest], { cwd: checkout });
}

function fail(message, code) {
  console.error(message);
  process.exitCode = code;
  return code;
}
