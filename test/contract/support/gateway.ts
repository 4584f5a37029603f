import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePythonTools } from '../../../stack/toolchain/python';

const PACKAGE = resolve(__dirname, '../../../stack/qdrant-gateway');

/** How a process ended, and what it said. */
export interface Ending {
  code: number | null;
  output: string;
}

/** An edge gateway run by a test: it can be killed the hard way and started again on the same folder. */
export class Gateway {
  private constructor(
    readonly url: string,
    readonly banner: string,
    private readonly process: ChildProcess,
    private readonly ending: Promise<Ending>,
  ) {}

  /** Start one on a free port (or on `port`) and wait until it says that it serves. */
  static async start(storage: string, options: { apiKey?: string; port?: number } = {}): Promise<Gateway> {
    const { child, ending, firstLine } = await launch(storage, options);
    const line = await Promise.race([firstLine, ending]);
    const url = typeof line === 'string' ? /http:\/\/[\d.]+:\d+/.exec(line)?.[0] : undefined;
    if (typeof line !== 'string' || !url) throw new Error(`The gateway did not start: ${JSON.stringify(line)}`);
    return new Gateway(url, line, child, ending);
  }

  /** Start one that is expected to give up, and wait for its end. */
  static async refused(storage: string, options: { port?: number } = {}): Promise<Ending> {
    const { child, ending, firstLine } = await launch(storage, options);
    const first = await Promise.race([firstLine, ending]);
    if (typeof first === 'string') child.kill('SIGKILL');
    return ending;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** SIGKILL: no flush, no goodbye. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ending;
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<Ending> {
    this.process.kill('SIGTERM');
    return this.ending;
  }
}

/** HFV_TOOLS_PYTHON spares the suite the look at the toolchain (and, the first time, its installation). */
async function python(): Promise<string> {
  return process.env.HFV_TOOLS_PYTHON ?? (await ensurePythonTools()).python;
}

async function launch(
  storage: string,
  { apiKey = '', port = 0 }: { apiKey?: string; port?: number },
): Promise<{ child: ChildProcess; ending: Promise<Ending>; firstLine: Promise<string> }> {
  const child = spawn(await python(), ['-m', 'qdrant_gateway', '--port', `${port}`, '--storage', storage], {
    env: {
      ...process.env,
      PYTHONPATH: PACKAGE,
      PYTHONDONTWRITEBYTECODE: '1',
      QDRANT__SERVICE__API_KEY: apiKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
  const ending = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  const firstLine = new Promise<string>((tell) => createInterface(child.stdout).once('line', tell));
  return { child, ending, firstLine };
}
