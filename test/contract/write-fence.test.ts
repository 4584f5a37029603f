import { MockActivityEnvironment } from '@temporalio/testing';
import { createWriteFenceActivities } from '../../activities/write-fence';
import { WRITE_FENCE_QUERY, type WriteFence } from '../../domain/write-fence';
import type { MetadataStore } from '../../stores/ports';
import { expectCode, LEASE, MetadataFile, PAST } from './support/metadata-file';
import { timelyAttempt } from '../support/attempt';

const HOUR = 3_600_000;
const ID = 'v1_baseline_20251225_200000';

let file: MetadataFile;
let store: MetadataStore;

beforeEach(() => {
  file = new MetadataFile('CREATE TABLE chapter_metadata (textbook_id TEXT, chapter_number TEXT)');
  store = file.store;
  store.createTables(LEASE);
});

afterEach(() => {
  file.remove();
});

const sql = (script: string) => file.sql(script);
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const fence = (more: Partial<WriteFence> = {}): WriteFence => ({
  owner: 'registerBaseline v1',
  workflowId: 'w',
  runId: 'r',
  reason: 'the baseline is being registered',
  acquiredAt: inMs(0),
  expiresAt: inMs(HOUR),
  ...more,
});

describe('the write fence', () => {
  it('is held by one run, which sees it as it stands, and let go by that run only', () => {
    expect(store.fence.read()).toBeUndefined();
    const held = store.fence.hold(fence(), LEASE);
    expect(store.fence.read()).toEqual(held);
    expect(held).toMatchObject({ owner: 'registerBaseline v1', workflowId: 'w', runId: 'r' });
    store.fence.release('another');
    expect(store.fence.read()).toEqual(held);
    store.fence.release('r');
    store.fence.release('r');
    expect([store.fence.read(), file.rows('SELECT * FROM write_fence')]).toEqual([undefined, []]);
  });

  it('is refused to another run, naming the holder, until it has expired', () => {
    const held = store.fence.hold(fence(), LEASE);
    const other = fence({ runId: 'other', owner: 'publish v2' });
    expect(() => store.fence.hold(other, LEASE)).toThrow(
      expect.objectContaining({
        code: 'BASE_BUSY',
        message: expect.stringMatching(/registerBaseline v1 .*workflow w, run r.* until \d{4}-/) as string,
        facts: expect.objectContaining({ details: { holder: held } }) as object,
      }) as Error,
    );
    expect(store.fence.read()).toEqual(held);
    sql("UPDATE write_fence SET expires_at = datetime('now', '-1 second')");
    expect(store.fence.read()).toBeUndefined();
    store.fence.hold(other, LEASE);
    expect(store.fence.read()).toMatchObject({ runId: 'other', owner: 'publish v2' });
    store.fence.release('r');
    expect(store.fence.read()).toMatchObject({ runId: 'other' });
  });

  it('is renewed from its first moment on, and never shortened by an attempt that comes late', () => {
    const first = store.fence.hold(fence({ acquiredAt: '2026-01-01T00:00:00.000Z', expiresAt: inMs(HOUR) }), LEASE);
    const longer = store.fence.hold(fence({ expiresAt: inMs(2 * HOUR) }), LEASE);
    expect(longer.acquiredAt).toBe('2026-01-01T00:00:00.000Z');
    expect(longer.expiresAt > first.expiresAt).toBe(true);
    expect(store.fence.hold(fence({ expiresAt: inMs(1_000) }), LEASE)).toEqual(longer);
    // One's own that has lapsed is a new one: somebody may have written in between.
    sql("UPDATE write_fence SET expires_at = datetime('now', '-1 second')");
    expect(store.fence.hold(fence(), LEASE).acquiredAt > '2026-02').toBe(true);
  });

  it('stands to the whole second after its time, never less', () => {
    const held = store.fence.hold(fence({ expiresAt: '2999-01-01T00:00:00.001Z' }), LEASE);
    expect(held.expiresAt).toBe('2999-01-01T00:00:01.000Z');
    expect(store.fence.read(new Date('2999-01-01T00:00:00.999Z'))).toEqual(held);
    expect(store.fence.read(new Date('2999-01-01T00:00:01.000Z'))).toBeUndefined();
  });

  it('is not taken by an attempt whose time has passed, nor for a run whose version has come to its end', () => {
    expectCode(() => store.fence.hold(fence(), PAST), 'FENCED');
    const version = { versionId: ID, workflowId: 'w', runId: 'r', chapterCount: 1, paragraphCount: 1 };
    store.registry.registerBaseline(version, LEASE);
    store.fence.hold(fence(), LEASE);
    store.fence.release('r');
    store.registry.move(ID, 'rollback_triggered', 'why');
    expectCode(() => store.fence.hold(fence(), LEASE), 'FENCED');
    expect(file.rows('SELECT * FROM write_fence')).toEqual([]);
    expect(() => store.fence.hold(fence({ runId: 'the next run' }), LEASE)).not.toThrow();
  });

  it('needs its table: none is nobody’s fence', () => {
    sql('DROP TABLE write_fence');
    expect(store.fence.read()).toBeUndefined();
    expect(() => store.fence.release('r')).not.toThrow();
    expectCode(() => store.fence.hold(fence(), LEASE), 'SCHEMA_CONFLICT');
  });
});

describe('the row, for scripts', () => {
  it('answers the one documented question in plain SQL', () => {
    expect(file.rows(WRITE_FENCE_QUERY)).toEqual([]);
    store.fence.hold(fence({ expiresAt: inMs(HOUR) }), LEASE);
    const [row] = file.rows<{ owner: string; reason: string; expires_at: string }>(WRITE_FENCE_QUERY);
    expect(row).toMatchObject({ owner: 'registerBaseline v1', reason: 'the baseline is being registered' });
    expect(row?.expires_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    sql("UPDATE write_fence SET expires_at = datetime('now', '-1 second')");
    expect(file.rows(WRITE_FENCE_QUERY)).toEqual([]);
  });

  it('is one, and its moments are such as can be compared', () => {
    const insert = (id: number, expires: string) => () =>
      sql(`INSERT INTO write_fence VALUES (${id}, 'o', 'w', 'r', 'why', datetime('now'), '${expires}')`);
    expect(insert(2, '2999-01-01 00:00:00')).toThrow(/CHECK/);
    expect(insert(1, '2999-01-01T00:00:00Z')).toThrow(/CHECK/);
    expect(insert(1, '2999-01-01 00:00:00')).not.toThrow();
    expect(insert(1, '2999-01-01 00:00:00')).toThrow(/UNIQUE/);
  });
});

test('the activities hold it for their own run, for the minutes asked for, and let it go', async () => {
  const activities = createWriteFenceActivities({ metadata: store });
  const env = new MockActivityEnvironment({
    workflowExecution: { workflowId: 'w', runId: 'the run' },
    ...timelyAttempt(),
  });
  const request = { owner: 'publish v2', reason: 'v2 is being made', minutes: 5 };
  const held = await env.run<[typeof request], WriteFence, typeof activities.holdWriteFence>(
    activities.holdWriteFence,
    request,
  );
  expect(held).toMatchObject({ owner: 'publish v2', reason: 'v2 is being made', workflowId: 'w', runId: 'the run' });
  expect(Date.parse(held.expiresAt) - Date.parse(held.acquiredAt)).toBeGreaterThanOrEqual(5 * 60_000);
  expect(Date.parse(held.expiresAt) - Date.parse(held.acquiredAt)).toBeLessThan(5 * 60_000 + 2_000);
  expect(store.fence.read()).toEqual(held);
  await activities.releaseWriteFence('the run');
  expect(store.fence.read()).toBeUndefined();
});
