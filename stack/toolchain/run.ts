import { spawn } from 'node:child_process';

export interface RunOptions {
  env?: Record<string, string | undefined>;
  cwd?: string;
  timeoutMs?: number;
}

export interface RunResult {
  /** The exit code; 127 where the command does not exist. */
  code: number;
  stdout: string;
  /** Everything it said, in the order it came. */
  output: string;
}

/** Runs a command to its end and returns what it said. Never throws: a missing command is a result too. */
export function run(command: string, args: string[], { env, cwd, timeoutMs }: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const result: RunResult = { code: 127, stdout: '', output: '' };
    const child = spawn(command, args, { env, cwd, timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text;
      result.output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.output += text));
    child.on('error', (error) => resolve({ ...result, output: `${result.output}${error.message}` }));
    child.on('close', (code) => resolve({ ...result, code: code ?? 1 }));
  });
}

/** The last lines of a text, indented and closed by a line of their own, for a message that must stand on its own. */
export function tail(text: string, lines = 15): string {
  const last = text.trimEnd().split('\n').slice(-lines);
  return [...last.map((line) => `    ${line}`), '(end of output)'].join('\n');
}
