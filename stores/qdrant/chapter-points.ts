import type { CallControl } from '../ports';
import type { QdrantConnection } from './client';
import { chapterOf, pagesOf, type PointId } from './points';

const PAGE = 2_500;
const WHAT_TELLS = ['chapter_id', 'chunk_id'];

/** Points that no filter on chapter_id finds, since theirs is missing or empty. */
const STRAYS = { should: [{ is_empty: { key: 'chapter_id' } }, { key: 'chapter_id', match: { value: '' } }] };

/** Finds the points of a chapter: by their chapter_id, and where a point lacks it, by how its chunk_id begins. */
export class ChapterPoints {
  #strays: Promise<Map<string, PointId[]>> | undefined;

  constructor(
    private readonly connection: QdrantConnection,
    private readonly collection: string,
    private readonly signal: CallControl['signal'],
  ) {}

  /** Asked anew each time, save the points without a chapter_id: they are looked for once. */
  async idsOf(chapter: string): Promise<PointId[]> {
    const filter = { must: [{ key: 'chapter_id', match: { value: chapter } }] };
    const found: PointId[] = [];
    for await (const points of this.#pages(filter)) {
      // A filter also finds lists that hold the value; what a chapter holds is said in one place only.
      found.push(...points.filter((point) => chapterOf(point) === chapter).map(({ id }) => id));
    }
    const strays = await (this.#strays ??= this.#findStrays());
    return [...found, ...(strays.get(chapter) ?? [])];
  }

  async #findStrays(): Promise<Map<string, PointId[]>> {
    const strays = new Map<string, PointId[]>();
    for await (const points of this.#pages(STRAYS)) {
      for (const point of points) {
        const chapter = chapterOf(point);
        const list = strays.get(chapter);
        if (list) list.push(point.id);
        else strays.set(chapter, [point.id]);
      }
    }
    return strays;
  }

  #pages(filter: object) {
    const scroll = { filter, limit: PAGE, with_payload: WHAT_TELLS, with_vector: false };
    return pagesOf(this.connection, this.collection, scroll, this.signal);
  }
}
