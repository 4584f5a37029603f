import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { HybridFlowError } from '../../domain/errors';
import { ENOUGH_SAMPLES } from '../../domain/latency';
import { redact } from '../../domain/masking';
import type { CommandProbe } from '../../domain/probes';
import type { Probe } from './probe';

/** Programs are slow to start: they are timed as often as it takes to judge them, and no more. */
const MOST_ROUNDS = ENOUGH_SAMPLES;
/** One that takes longer is not timed often enough to be judged, only to see whether its answer can be repeated. */
const LONG_MS = 4_000;
const LONG_ROUNDS = 2;
/** Its files are in the system's cache then, as they will be when it is asked again. */
const WARM_UPS = 1;
/** How long a program may take to end by itself once it was asked to. */
const GRACE_MS = 1_000;
const TAIL_BYTES = 4_096;
const TAIL_SHOWN = 300;

/**
 * A program of the user's, compared byte for byte by the hash of what it prints. It gets the worker's environment
 * unchanged: it is the operator's own search, named in the operator's own settings, and needs the same services and
 * passwords to do its work. What it prints is hashed and dropped; only the end of its stderr is shown, redacted.
 */
export function commandProbe(command: CommandProbe, repeats: number, secrets: readonly string[]): Probe {
  const rounds = Math.min(repeats, MOST_ROUNDS);
  const long = Math.min(rounds, LONG_ROUNDS);
  return {
    ...{ name: commandName(command), kind: 'command', warmUps: WARM_UPS, rounds },
    // One that was judged before is judged again, however long it takes by now: that may be what is wrong with it.
    roundsAfter: (firstMs) => command.samples ?? (firstMs > LONG_MS ? long : rounds),
    ask: (signal) => runCommand(command, secrets, signal),
  };
}

/** By which it is found in a capture. */
export function commandName({ name }: CommandProbe): string {
  return `command ${name}`;
}

interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it was killed, where it was. */
  stopped: string | null;
  startError: NodeJS.ErrnoException | null;
}

/**
 * Runs the program to its end, or kills it with all the processes of its group. Memory stays the same however much it
 * prints.
 *
 * @throws HybridFlowError PROBE_FAILED saying how it went wrong
 */
export async function runCommand(
  { argv, cwd, timeoutSeconds, maxBytes }: CommandProbe,
  secrets: readonly string[],
  signal?: AbortSignal,
): Promise<{ sha256: string; results: number }> {
  signal?.throwIfAborted();
  const [file = '', ...args] = argv;
  // A group of its own, so that what it starts can be ended with it; no shell, so that nothing is interpreted.
  const child = spawn(file, args, { cwd, env: process.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const watch = new Watch(child, signal);
  const printed = digest(child.stdout, maxBytes, () => watch.stop(`it printed more than ${maxBytes} bytes`));
  const tail = lastBytes(child.stderr, maxBytes, () => watch.stop(`it complained in more than ${maxBytes} bytes`));
  const timer = setTimeout(() => watch.stop(`it took longer than ${timeoutSeconds} s`), timeoutSeconds * 1_000);
  const ending = await watch.ended();
  clearTimeout(timer);
  signal?.throwIfAborted();
  const problem = whatWentWrong(ending, cwd) ?? (printed.bytes() === 0 ? 'it printed nothing' : null);
  if (problem === null) return { sha256: printed.sha256(), results: printed.lines() };
  const said = redact(tail().toString('utf8'), secrets).replace(/\s+/g, ' ').trim().slice(-TAIL_SHOWN);
  throw new HybridFlowError('PROBE_FAILED', { found: said === '' ? problem : `${problem}: ${said}` });
}

function whatWentWrong({ code, signal, stopped, startError }: Ending, cwd?: string): string | null {
  if (startError) return `it cannot be started${cwd ? ` in ${cwd}` : ''} (${startError.code ?? startError.message})`;
  if (stopped) return `${stopped} and was killed`;
  if (signal) return `it was ended by ${signal}`;
  return code === 0 ? null : `it ended with exit code ${code}`;
}

/** Follows a child to its end, and brings that about where it must. */
class Watch {
  #stopped: string | null = null;
  #startError: NodeJS.ErrnoException | null = null;
  #killer: NodeJS.Timeout | undefined;
  readonly #abort = () => this.stop('it was cancelled');

  constructor(
    private readonly child: ChildProcess,
    private readonly signal?: AbortSignal,
  ) {
    child.once('error', (error) => (this.#startError = error));
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  stop(why: string): void {
    if (this.#stopped !== null) return;
    this.#stopped = why;
    this.#kill('SIGTERM');
    this.#killer = setTimeout(() => {
      this.#kill('SIGKILL');
      // A process that left the group may still hold the pipes; nothing waits for it.
      this.child.stdout?.destroy();
      this.child.stderr?.destroy();
    }, GRACE_MS);
  }

  /** Once the program has ended and nobody holds its output any more. */
  async ended(): Promise<Ending> {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      this.child.once('close', (...how) => resolve(how));
    });
    clearTimeout(this.#killer);
    this.signal?.removeEventListener('abort', this.#abort);
    // Those of its group that would not go when they were asked to.
    if (this.#stopped !== null) this.#kill('SIGKILL');
    return { code, signal, stopped: this.#stopped, startError: this.#startError };
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // The group is empty already.
    }
  }
}

function digest(stream: Readable, maxBytes: number, onExcess: () => void) {
  const hash = createHash('sha256');
  let [bytes, lines, last] = [0, 0, NEWLINE];
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) return onExcess();
    hash.update(chunk);
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
    last = chunk.at(-1) ?? last;
  });
  return {
    bytes: () => bytes,
    lines: () => lines + (last === NEWLINE ? 0 : 1),
    sha256: () => hash.digest('hex'),
  };
}

const NEWLINE = 10;

function lastBytes(stream: Readable, maxBytes: number, onExcess: () => void): () => Buffer {
  let tail = Buffer.alloc(0);
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    if (bytes > maxBytes) onExcess();
  });
  return () => tail;
}
