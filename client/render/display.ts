import { Format, MultiBar, type Options, type Params, type SingleBar } from 'cli-progress';
import { PHASES, type ProgressView } from '../../domain/baseline';
import type { Output } from '../output';
import type { Display } from '../watch';
import { labelsText, Narrator, pauseText } from './narrator';

/** The display that fits where stderr goes: live bars on a terminal, plain lines anywhere else. */
export function displayFor(out: Output): Display {
  return out.live ? new LiveDisplay(out) : plainDisplay(out);
}

function plainDisplay(out: Output): Display {
  const narrator = new Narrator({ plain: true });
  return {
    update: (view) => narrator.tell(view).forEach((line) => out.note(line)),
    note: (line) => out.note(line),
    warn: (line) => out.warn(line),
    stop: () => undefined,
  };
}

/** Steps that have ended scroll by; under them one bar for the phases and, while there is labelling, one for labels. */
class LiveDisplay implements Display {
  readonly #narrator = new Narrator({ plain: false });
  readonly #bars = new MultiBar({
    stream: process.stderr,
    format: barLine,
    // The bars are redrawn on our time, and Ctrl-C is ours to handle.
    gracefulExit: false,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    fps: 8,
    barsize: 28,
  });
  readonly #phases: SingleBar;
  #labels: SingleBar | undefined;

  constructor(private readonly out: Output) {
    this.#phases = this.#bars.create(1, 0, { text: 'waiting for a worker' });
  }

  update(view: ProgressView): void {
    for (const line of this.#narrator.tell(view)) this.note(this.#painted(line));
    const running = view.steps.findLast(({ state }) => state === 'running');
    const share = view.labels && view.labels.total > 0 ? view.labels.done / view.labels.total : 0;
    const phases = view.phases ?? PHASES;
    const place = phases.indexOf(view.phase);
    this.#phases.setTotal(phases.length);
    const within = view.phase === 'label addition' ? share : 0;
    const ended = ['committed', 'already registered', 'restored'].includes(view.state);
    const what = view.state === 'rolling back' ? 'rolling back' : `${place + 1}/${phases.length} ${view.phase}`;
    this.#phases.update(ended ? phases.length : place + within, {
      text: running ? `${what}: ${running.name} (${elapsed(running.startedAt)})` : what,
    });
    if (view.labels) this.#updateLabels(view);
  }

  note(line: string): void {
    this.#bars.log(`${line}\n`);
  }

  warn(line: string): void {
    this.note(`${this.out.noteColor.yellow('warning')} ${line}`);
  }

  stop(): void {
    // Prints what has been logged since the last redraw.
    this.#bars.update();
    this.#bars.stop();
  }

  #updateLabels({ labels, pause }: ProgressView): void {
    if (!labels) return;
    const text = `labels ${labelsText(labels)}${pause.state === 'open' ? '' : ` — ${pauseText(pause, null)}`}`;
    this.#labels ??= this.#bars.create(Math.max(1, labels.total), 0, { text });
    this.#labels.update(labels.done, { text });
  }

  #painted(line: string): string {
    const { green, red, bold, yellow } = this.out.noteColor;
    if (line.startsWith('  ✓')) return line.replace('✓', green('✓'));
    if (line.startsWith('  ✗') || line.startsWith('rolling back')) return red(line);
    return line.startsWith('  ') ? yellow(line) : bold(line);
  }
}

/** Whole seconds: the clock of this machine and the server's need not agree to the tenth. */
function elapsed(since: string): string {
  return `${Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1_000))} s`;
}

/** `=====-----  text` */
export function barLine(options: Options, params: Params, payload: { text?: string }): string {
  return `${Format.BarFormat(params.progress, options)}  ${payload.text ?? ''}`;
}
