import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

/** As much of a stream as the command line needs; a test hands in its own. */
export interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
}

/**
 * Who may write where. Results go to stdout: text for people, or with `--json` exactly one object. Everything else
 * (progress, notes, warnings) goes to stderr, so that a pipe never carries it.
 */
export class Output {
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly json: boolean;
  /** Colours for stdout and for stderr; they do nothing where nobody can see them. */
  readonly color: Colors;
  readonly noteColor: Colors;
  /** True where stderr is a terminal that can redraw a line. */
  readonly live: boolean;

  constructor(stdout: Stream, stderr: Stream, { json = false, env = process.env } = {}) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.json = json;
    this.color = pc.createColors(!json && wantsColor(stdout, env));
    this.noteColor = pc.createColors(wantsColor(stderr, env));
    this.live = stderr.isTTY === true && env.TERM !== 'dumb';
  }

  /** The result of a command: `value` with `--json`, else the text. */
  result(value: object, text: (color: Colors) => string): void {
    this.#stdout.write(this.json ? `${JSON.stringify(value)}\n` : `${text(this.color).trimEnd()}\n`);
  }

  /** A line that says what goes on. */
  note(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  warn(line: string): void {
    this.note(`${this.noteColor.yellow('warning')} ${line}`);
  }

  /** A failure: for people on stderr, for programs as the one object on stdout. */
  failure(value: object, text: (color: Colors) => string): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value)}\n`);
    else this.#stderr.write(`${text(this.noteColor).trimEnd()}\n`);
  }
}

export type { Colors };

function wantsColor(stream: Stream, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return stream.isTTY === true && env.TERM !== 'dumb';
}
