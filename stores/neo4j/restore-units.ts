import { IdMap, Int32List } from './compact';
import type { ExportLine } from './export-format';
import { readExport, readLines } from './import-read';
import { isLeftOut } from './restore-live';
import { ChapterPlaces } from './restore-places';
import type { RestorePlan } from './restore-plan';

/** Units that are one transaction, from the first to the last of them. */
export interface Pack {
  first: number;
  last: number;
  size: number;
}

/**
 * The changes of a plan by chapter: a unit is a chapter's, with all that belongs to it. What is of no chapter is made
 * before the first one, so that a chapter has its textbook to hang from, and deleted after the last.
 *
 * A relationship between two chapters goes with the first of them, since its node may go then, and comes with the last,
 * when both ends are there. Holds some dozen bytes a change.
 */
export class RestoreUnits {
  readonly #lines = new Int32List();
  readonly #unitOfLine = new Int32List();
  readonly #last: number;
  readonly #sizes: Uint32Array;

  private constructor(
    private readonly plan: RestorePlan,
    changed: ChangedLines,
  ) {
    const { live } = plan;
    live.chapters.settle();
    changed.chapters.settle();
    this.#last = live.numbers.count + 1;
    this.#sizes = new Uint32Array(this.#last + 1);
    for (let i = 0; i < changed.nodeLines.length; i++)
      this.#add(changed.nodeLines.at(i), changed.chapters.of(changed.nodes.at(i)));
    for (let i = 0; i < changed.linkLines.length; i++) {
      const ends = [changed.chapters.of(changed.starts.at(i)), changed.chapters.of(changed.ends.at(i))];
      this.#add(changed.linkLines.at(i), Math.max(...ends));
    }
    for (const place of live.relationships.leftPlaces()) this.#count(this.#linkGoes(place));
    for (const place of live.nodes.leftPlaces()) this.#count(this.#nodeGoes(place));
  }

  /** Reads the export through once. */
  static async read(plan: RestorePlan, file: string, tick: () => void): Promise<RestoreUnits> {
    const changed = new ChangedLines(plan);
    for await (const line of readExport(file)) {
      tick();
      changed.see(line);
    }
    return new RestoreUnits(plan, changed);
  }

  /** As many units as make up to so many changes; one that is larger is alone. */
  packs(most: number): Pack[] {
    const packs: Pack[] = [];
    for (const [unit, size] of this.#sizes.entries()) {
      const pack = packs.at(-1);
      if (size === 0) continue;
      if (pack && pack.size + size <= most) Object.assign(pack, { last: unit, size: pack.size + size });
      else packs.push({ first: unit, last: unit, size });
    }
    return packs;
  }

  *relationshipsToDelete(pack: Pack): Generator<number> {
    const { relationships } = this.plan.live;
    for (const place of relationships.leftPlaces())
      if (isIn(pack, this.#linkGoes(place))) yield relationships.idAt(place);
  }

  *nodesToDelete(pack: Pack): Generator<number> {
    const { nodes } = this.plan.live;
    for (const place of nodes.leftPlaces()) if (isIn(pack, this.#nodeGoes(place))) yield nodes.idAt(place);
  }

  /** The lines of the export that are to be written in these transactions: one pass over the file for all of them. */
  async linesOf(file: string, packs: readonly Pack[], tick: () => void): Promise<ExportLine[][]> {
    const found = packs.map((): ExportLine[] => []);
    let at = 0;
    let pack = -1;
    const wants = (number: number) => {
      tick();
      if (at >= this.#lines.length || this.#lines.at(at) !== number) return false;
      const unit = this.#unitOfLine.at(at++);
      pack = packs.findIndex((one) => isIn(one, unit));
      return pack >= 0;
    };
    for await (const line of readLines(file, wants)) found[pack]?.push(line);
    return found;
  }

  #add(line: number, unit: number): void {
    this.#lines.push(line);
    this.#unitOfLine.push(unit);
    this.#count(unit);
  }

  #count(unit: number): void {
    this.#sizes[unit] = (this.#sizes[unit] ?? 0) + 1;
  }

  #nodeGoes(place: number): number {
    return this.plan.live.chapters.of(place) || this.#last;
  }

  #linkGoes(place: number): number {
    const { starts, ends } = this.plan.live;
    return Math.min(this.#nodeGoes(starts.at(place)), this.#nodeGoes(ends.at(place)));
  }
}

/** The lines of the export that are to be written, by their number, with the nodes that say where they belong. */
class ChangedLines {
  readonly nodeLines = new Int32List();
  readonly nodes = new Int32List();
  readonly linkLines = new Int32List();
  readonly starts = new Int32List();
  readonly ends = new Int32List();
  readonly chapters: ChapterPlaces;
  readonly #places = new IdMap();
  #line = 0;
  #nodes = 0;
  #relationships = 0;

  constructor(private readonly plan: RestorePlan) {
    this.chapters = new ChapterPlaces(plan.live.numbers);
  }

  see(line: ExportLine): void {
    const number = this.#line++;
    if (line.t === 'n' && !isLeftOut(line.l)) {
      this.chapters.node(line.l, line.p.id, line.p.chunk_id);
      this.#places.set(line.id, this.#nodes);
      if (this.plan.isChanged(line.id)) {
        this.nodeLines.push(number);
        this.nodes.push(this.#nodes);
      }
      this.#nodes += 1;
    }
    if (line.t !== 'r') return;
    const isMissing = this.plan.missing.has(this.#relationships++);
    const [start, end] = [this.#places.get(line.s), this.#places.get(line.e)];
    if (start === undefined || end === undefined) return;
    this.chapters.relationship(line.y, start, end);
    if (!isMissing) return;
    this.linkLines.push(number);
    this.starts.push(start);
    this.ends.push(end);
  }
}

function isIn({ first, last }: Pack, unit: number): boolean {
  return first <= unit && unit <= last;
}
