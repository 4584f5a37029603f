import type { AsyncCommand } from 'fast-check';
import type { ParsedChapter } from '../../../examples/ingestion/chapter';
import type { ReadyAnswer } from '../../../domain/staging';
import { chapterOf } from '../publishing';
import { failureOf } from '../workflow-env';
import { expectAsModelled, expectSound } from './look';
import type { Model } from './model';
import type { World } from './world';

/** One thing that somebody does, to the model and to the real system; afterwards they must agree. */
export interface Deed {
  name: string;
  run(model: Model, world: World): Promise<void>;
}

/** Chapters to add, to change and to take away, as numbers that any base can make sense of. */
export interface Edits {
  add: { book: number; number: number; paragraphs: number } | null;
  change: { pick: number; paragraphs: number } | null;
  remove: number | null;
}

/** What is to be done, according to where the sequence has come to. */
export class Step implements AsyncCommand<Model, World> {
  #done = 'not run';

  constructor(
    private readonly idle: Deed,
    private readonly open: Deed,
    private readonly validated: Deed,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, world: World): Promise<void> {
    const { staged } = model;
    const deed = staged === undefined ? this.idle : staged.validated ? this.validated : this.open;
    const began = Date.now();
    this.#done = `${deed.name} (was broken off)`;
    await deed.run(model, world);
    await expectAsModelled(world.base, world.deps, model);
    if (!model.staged) await expectSound(world.deps, model);
    this.#done = deed.name;
    if (process.env.SEQUENCE_TRACE) process.stderr.write(`  ${deed.name}: ${Date.now() - began} ms\n`);
  }

  toString(): string {
    return this.#done;
  }
}

let editions = 0;
const FEWEST_CHAPTERS = 3;
const MORE_BOOKS = ['gray', 'netter'];

export const stage = (pick: number): Deed => ({
  name: `stage from ${pick === 0 ? 'production' : `version ${pick}`}`,
  async run(model, world) {
    const version = pick === 0 ? undefined : at(existing(model), pick);
    if (version && version.fate !== 'committed') {
      expect((await failureOf(world.stage(version.versionId, true))).code).toBe('VERSION_ARCHIVED');
      return;
    }
    model.stage(await world.stage(version?.versionId, true), version?.versionId);
  },
});

export const ingest = (edits: Edits): Deed => ({
  name: `ingest ${JSON.stringify(edits)}`,
  run: (model, world) => ingested(model, world, edits),
});

async function ingested(model: Model, world: World, { add, change, remove }: Edits): Promise<void> {
  const present = [...(model.staged?.contents.keys() ?? [])].sort();
  const chapters: ParsedChapter[] = [];
  if (change) chapters.push(another(at(present, change.pick), change.paragraphs));
  if (add) {
    const books = [...new Set([...present.map((id) => id.split(':')[0] ?? ''), ...MORE_BOOKS])];
    chapters.push(another(`${at(books, add.book)}:ch${900 + add.number}`, add.paragraphs));
  }
  const removed = remove === null || present.length <= FEWEST_CHAPTERS ? [] : [at(present, remove)];
  const kept = chapters.filter((one) => !removed.includes(`${one.textbookId}:ch${one.number}`));
  await world.publishing?.write(kept, removed);
  model.ingest(kept, removed);
}

/** Takes away again what no version has held yet. */
export const removeAdded: Deed = {
  name: 'remove what was added',
  async run(model, world) {
    const added = [...(model.staged?.contents.keys() ?? [])].filter((chapter) => !model.production.has(chapter));
    await world.publishing?.write([], added);
    model.ingest([], added);
  },
};

function another(chapter: string, paragraphs: number): ParsedChapter {
  const [book = '', number = ''] = chapter.split(':ch');
  return chapterOf(book, number, `e${++editions}`, paragraphs);
}

export const declareReady: Deed = {
  name: 'declare ready',
  async run(model, world) {
    const answer = await readied(world);
    expect(answer).toMatchObject({ accepted: true, awaitsApproval: true });
    await world.publishing?.reaches('waiting for approval');
    if (model.staged) model.staged.validated = true;
  },
};

async function readied({ publishing }: World): Promise<ReadyAnswer> {
  if (!publishing) throw new Error('nothing is staged');
  const answer = await publishing.ready();
  expect(answer.failed).toEqual([]);
  return answer;
}

/** A chunk is lost in one store: staging is refused, stays open, and is mended. */
export const refusedOnce = (pick: number, paragraphs: number): Deed => ({
  name: `lose a chunk of chapter ${pick}, declare ready, mend it`,
  async run(model, world) {
    const chapter = another(at([...(model.staged?.contents.keys() ?? [])].sort(), pick), paragraphs);
    const change = async () => {
      await world.publishing?.write([chapter]);
      model.ingest([chapter], []);
    };
    await change();
    const [lost] = await world.base.cypher<{ id: string }>(
      `MATCH (p:StagedParagraph {text: $text}) WITH p.chunk_id AS id, p DETACH DELETE p RETURN id`,
      { text: chapter.sections[0]?.paragraphs[0]?.text },
    );
    const answer = await world.publishing?.ready();
    expect(answer?.accepted).toBe(false);
    expect(JSON.stringify(answer?.verdict?.checks)).toContain(lost?.id);
    await world.publishing?.reaches('open');
    await change();
  },
});

export const promote: Deed = {
  name: 'promote',
  async run(model, world) {
    await world.publishing?.handle.signal('approve', { by: 'a test' });
    const outcome = await world.publishing?.handle.result();
    expect(outcome).toMatchObject({ outcome: 'committed', versionId: model.staged?.versionId, proven: true });
    expect(outcome?.warnings).toEqual([]);
    model.commit();
    model.applyWindow();
  },
};

/** From the staging to the promote without a stop. */
export const publish = (pick: number, edits: Edits): Deed => ({
  name: `publish from ${pick} ${JSON.stringify(edits)}`,
  async run(model, world) {
    await stage(pick).run(model, world);
    if (!model.staged) return;
    await ingested(model, world, edits);
    await declareReady.run(model, world);
    await promote.run(model, world);
  },
});

export const cancel: Deed = {
  name: 'cancel',
  async run(model, world) {
    await world.publishing?.cancel({ by: 'a test' });
    expect(await world.publishing?.handle.result()).toMatchObject({ outcome: 'cancelled' });
    model.giveUp();
  },
};

export const restore = (pick: number): Deed => ({
  name: `restore version ${pick}`,
  async run(model, world) {
    const { versionId, fate } = at(existing(model), pick);
    if (fate === 'committed' && !model.staged) {
      const outcome = await world.restore(versionId);
      expect(outcome).toMatchObject({ outcome: 'restored', proven: true, rescue: null, warnings: [] });
      model.restore(versionId);
      return;
    }
    const { code } = await failureOf(world.restore(versionId));
    expect(code).toBe(model.staged ? 'BASE_BUSY' : 'VERSION_ARCHIVED');
  },
});

export const pin = (pick: number): Deed => ({
  name: `pin version ${pick}`,
  async run(model, { deps }) {
    const { versionId } = at(existing(model), pick);
    deps.metadata.pins.add({ versionId, reason: 'a test', by: 'a test' }, { notAfter: Number.MAX_SAFE_INTEGER });
    model.pins.add(versionId);
  },
});

export const unpin = (pick: number): Deed => ({
  name: `unpin the ${pick}th`,
  async run({ pins }, { deps }) {
    if (pins.size === 0) return;
    const versionId = at([...pins], pick);
    expect(deps.metadata.pins.remove(versionId)).toBe(pins.delete(versionId));
  },
});

export const retain: Deed = {
  name: 'retain',
  async run(model, world) {
    expect((await world.retain()).warnings).toEqual([]);
    model.applyWindow();
  },
};

/** Every version that ever was committed. */
export const existing = (model: Model) => model.versions.filter(({ fate }) => fate !== 'rolled back');

export function at<T>(list: readonly T[], pick: number): T {
  const one = list[pick % list.length];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
