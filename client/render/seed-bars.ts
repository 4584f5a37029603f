import { MultiBar, type SingleBar } from 'cli-progress';
import type { SeedProgress } from '../../stack/corpus/load';
import type { SeedResult } from '../../stack/corpus/seed';
import type { Output } from '../output';
import { barLine } from './display';
import { count, duration } from './text';

/** How far each store is: a bar per store on a terminal, a line per store and quarter anywhere else. */
export class SeedBars {
  readonly #bars: MultiBar | undefined;
  readonly #byStore = new Map<string, SingleBar>();
  readonly #quarters = new Map<string, number>();

  constructor(private readonly out: Output) {
    if (!out.live) return;
    this.#bars = new MultiBar({
      stream: process.stderr,
      format: barLine,
      gracefulExit: false,
      // Ctrl-C ends the process here: nothing of the terminal may need to be put back.
      hideCursor: false,
      linewrap: true,
      fps: 8,
      barsize: 28,
    });
  }

  update(progress: SeedProgress): void {
    if (this.#bars) this.#redraw(this.#bars, progress);
    else this.#tell(progress);
  }

  stop(): void {
    if (this.#byStore.size > 0) this.#bars?.stop();
  }

  #redraw(bars: MultiBar, progress: SeedProgress): void {
    const text = progressText(progress);
    const bar = this.#byStore.get(progress.store) ?? bars.create(Math.max(1, progress.total), 0, { text });
    this.#byStore.set(progress.store, bar);
    bar.update(progress.done, { text });
  }

  #tell(progress: SeedProgress): void {
    const quarter = progress.total === 0 ? 4 : Math.floor((4 * progress.done) / progress.total);
    if (quarter <= (this.#quarters.get(progress.store) ?? 0)) return;
    this.#quarters.set(progress.store, quarter);
    this.out.note(progressText(progress));
  }
}

/** What was seeded, in one line or two. */
export function renderSeed({ alreadySeeded, startedOver, seed, counts, durations, movedOn }: SeedResult): string {
  const what = [
    `${count(counts.sqlite.chapters)} chapters`,
    `${count(counts.qdrant.points)} points`,
    `${count(counts.neo4j.nodes)} nodes`,
    `${count(counts.neo4j.relationships)} relationships`,
  ].join(', ');
  if (alreadySeeded) {
    const moved = movedOn.length > 0 ? `\nSince then: ${movedOn.join('; ')}` : '';
    return `Already seeded (seed ${seed}): ${what}${moved}`;
  }
  const again = startedOver ? ', after removing what an interrupted seed had left' : '';
  return `Seeded (seed ${seed}) in ${duration(durations.total)}${again}: ${what}`;
}

function progressText({ store, done, total, unit }: SeedProgress): string {
  return `${store.padEnd(6)}  ${count(done)} of ${count(total)} ${unit}`;
}
