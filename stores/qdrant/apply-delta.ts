import type { Schemas } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import { ItemWriter } from '../fingerprint';
import type { CallControl } from '../ports';
import { ChapterPoints } from './chapter-points';
import type { QdrantConnection } from './client';
import { digestOf, type Point, type PointId } from './points';
import { resolveCollection } from './resolve';
import { requireStaging } from './staging';

type NewPoint = Schemas['PointStruct'];
type Operation = Schemas['UpdateOperation'];

/** Of one call: with vectors of 768 numbers some 5 MB, of the 32 MB that a server takes. */
const CALL_POINTS = 500;
/** Points compared at a time, with their vectors. */
const COMPARE_PAGE = 200;

interface Written {
  upserted: number;
  deleted: number;
}

interface Delta extends Written {
  connection: QdrantConnection;
  production: string;
  staging: string;
  control: CallControl;
}

/**
 * Brings production's points of these chapters to what staging holds, chapter by chapter. Only points that differ are
 * written: in one call a chapter, or in several where they are many. What is new comes before what is old goes, in the
 * call and between calls, so that no chunk that stays is ever missing.
 *
 * No server promises more than that: it applies a call's operations one after the other, and a large one in parts,
 * while readers read. Whoever reads just then may meet new points of a chapter beside old ones, each of them whole.
 * Only an alias that moves is seen all at once.
 *
 * Repeating it is fine, after a kill too: what is there already is not written again.
 *
 * @throws HybridFlowError NOT_STAGING; CHECK_FAILED where somebody else wrote to these chapters meanwhile
 */
export async function applyDelta(
  connection: QdrantConnection,
  chapters: readonly string[],
  control: CallControl = {},
): Promise<Written> {
  const staging = await requireStaging(connection);
  const { collection: production } = await resolveCollection(connection);
  const delta: Delta = { connection, production, staging, control, upserted: 0, deleted: 0 };
  if (chapters.length === 0 || staging === production) return { upserted: 0, deleted: 0 };
  const wanted = new ChapterPoints(connection, staging, control.signal);
  const standing = new ChapterPoints(connection, production, control.signal);
  const points = new Map<string, number>();
  for (const chapter of new Set(chapters)) {
    const ids = await wanted.idsOf(chapter);
    await bringOver(delta, ids, await standing.idsOf(chapter));
    points.set(chapter, ids.length);
  }
  await assertCounts(delta, points);
  return { upserted: delta.upserted, deleted: delta.deleted };
}

async function bringOver(delta: Delta, wanted: readonly PointId[], standing: readonly PointId[]): Promise<void> {
  const kept = new Set(wanted);
  const gone = standing.filter((id) => !kept.has(id));
  let changed: NewPoint[] = [];
  for (let at = 0; at < wanted.length; at += COMPARE_PAGE) {
    changed.push(...(await differing(delta, wanted.slice(at, at + COMPARE_PAGE))));
    while (changed.length >= CALL_POINTS) {
      await write(delta, changed.slice(0, CALL_POINTS), []);
      changed = changed.slice(CALL_POINTS);
    }
  }
  const first = gone.slice(0, CALL_POINTS - changed.length);
  await write(delta, changed, first);
  for (let at = first.length; at < gone.length; at += CALL_POINTS) {
    await write(delta, [], gone.slice(at, at + CALL_POINTS));
  }
}

/** Of these points of staging, those that production lacks or has otherwise. */
async function differing(delta: Delta, ids: readonly PointId[]): Promise<NewPoint[]> {
  const { connection, production, staging, control } = delta;
  control.signal?.throwIfAborted();
  const read = (collection: string) =>
    connection.call((client) => client.retrieve(collection, { ids: [...ids], with_payload: true, with_vector: true }));
  const [wanted, standing] = await Promise.all([read(staging), read(production)]);
  const item = new ItemWriter();
  const digest = (point: Point) => digestOf(point, true, item).toString('hex');
  const there = new Map(standing.map((point) => [point.id, digest(point)]));
  return wanted.filter((point) => there.get(point.id) !== digest(point)).map(newPoint);
}

function newPoint({ id, payload, vector }: Point): NewPoint {
  return { id, payload: payload ?? {}, vector: (vector ?? {}) as NewPoint['vector'] };
}

/** One call, which is done when it is answered. */
async function write(delta: Delta, changed: NewPoint[], gone: readonly PointId[]): Promise<void> {
  const { connection, production, control } = delta;
  const operations: Operation[] = [];
  if (changed.length > 0) operations.push({ upsert: { points: changed } });
  if (gone.length > 0) operations.push({ delete: { points: [...gone] } });
  if (operations.length === 0) return;
  control.signal?.throwIfAborted();
  await connection.callPatiently((client) => client.batchUpdate(production, { operations, wait: true }));
  delta.upserted += changed.length;
  delta.deleted += gone.length;
  control.onProgress?.(delta.upserted + delta.deleted);
}

async function assertCounts(delta: Delta, wanted: ReadonlyMap<string, number>): Promise<void> {
  const { connection, production, control } = delta;
  const standing = new ChapterPoints(connection, production, control.signal);
  const wrong: string[] = [];
  for (const [chapter, expected] of wanted) {
    const found = (await standing.idsOf(chapter)).length;
    if (found !== expected) wrong.push(`${chapter} has ${found} points instead of ${expected}`);
  }
  if (wrong.length === 0) return;
  throw new HybridFlowError('CHECK_FAILED', {
    found: `after the change ${wrong.slice(0, 5).join('; ')}${wrong.length > 5 ? '; …' : ''}`,
    expected: 'as many points as staging has',
    next: 'see who else writes to production or to staging (`hfv fence show`), then repeat',
    details: { chapters: wrong.slice(0, 20) },
  });
}
