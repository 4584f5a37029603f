import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { until } from './until';

export const CHECKOUT = join(__dirname, '..', '..');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A process of a test, with what it said so far. Whatever still lives is killed by {@link killChildren}. */
export class Child {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  #over = false;

  constructor(private readonly process: ChildProcess) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      process.once('error', reject);
      // Not `exit`: what it said last is in the pipes still.
      process.once('close', (code, signal) => {
        this.#over = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get isOver(): boolean {
    return this.#over;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Waits until it has said this on either stream; fails where it ends before. */
  async says(text: string, seconds = 60): Promise<void> {
    const said = () => this.stdout.includes(text) || this.stderr.includes(text);
    await until(
      `"${text}"`,
      () => ({ said: said(), over: this.#over, stderr: this.stderr }),
      (now) => {
        if (!now.said && now.over) throw new Error(`it ended before it said "${text}": ${this.stdout}${this.stderr}`);
        return now.said;
      },
      { seconds },
    );
  }

  async killed(): Promise<Ended> {
    if (!this.#over) this.kill('SIGKILL');
    return this.ended;
  }
}

const children: Child[] = [];

/** Starts a program in the checkout. Its environment names no service but those given. */
export function start(command: string, args: string[], env: Record<string, string> = {}): Child {
  const services = /^(QDRANT_|NEO4J_|TEMPORAL_|HYBRIDFLOW_|HFV_PORT_)/;
  const inherited = Object.entries(process.env).filter(([name]) => !services.test(name));
  const child = new Child(
    spawn(command, args, {
      cwd: CHECKOUT,
      env: { ...Object.fromEntries(inherited), NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  children.push(child);
  return child;
}

/** Starts `hfv` as its user does. */
export function hfv(stackRoot: string, args: string[], env: Record<string, string> = {}): Child {
  return start(process.execPath, [join(CHECKOUT, 'bin', 'hfv.mjs'), '--stack', stackRoot, ...args], env);
}

/** Starts a TypeScript file of this checkout as a process of its own. */
export function script(file: string, args: string[], env: Record<string, string> = {}): Child {
  return start(process.execPath, [join(CHECKOUT, 'bin', 'run-ts.mjs'), join(CHECKOUT, file), ...args], env);
}

/** For afterAll: nothing that a test started outlives it, however it ended. */
export async function killChildren(): Promise<void> {
  await Promise.all(children.splice(0).map((child) => child.killed().catch(() => undefined)));
}
