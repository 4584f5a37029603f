import { adoptWhileIdle, type AtWork } from '../../../client/commands/adopt-alias';
import type { Change } from '../../../client/changes';
import { renderAlias, type AliasView } from '../../../client/render/adopt-alias';
import type { Claim } from '../../../domain/claim';
import type { Stores } from '../../../stores/ports';
import { failureOf } from '../../support/errors';
import { ANSI, painted, plain } from './support';

const SETTINGS = { base: 'kb', qdrant: { collection: 'textbook_chunks' } };
const CLAIM = {
  ...{ base: 'kb', workflowId: 'w', runId: 'r', versionId: 'v2_minor_x', label: 'v2_minor', claimedAt: 'then' },
} as Claim;

/** Stores of which only what is asked is there. */
function fakeStores(claim?: Claim): Parameters<typeof adoptWhileIdle>[0] & { asked: string[] } {
  const asked: string[] = [];
  let made = true;
  const vectors: Partial<Stores['vectors']> = {
    async adoptAlias() {
      asked.push('adoptAlias');
      const first = made;
      made = false;
      return { alias: 'textbook_chunks_latest', collection: 'textbook_chunks', made: first };
    },
    readMode: async () => ({ mode: 'alias', collection: 'textbook_chunks', aliases: ['textbook_chunks_latest'] }),
    status: async () => ({ points: 36_216, status: 'green' }),
  };
  const metadata = { registry: { list: () => [] }, fence: { read: () => undefined } };
  const artifacts = { readClaim: async () => claim };
  return { vectors, metadata, artifacts, asked } as unknown as ReturnType<typeof fakeStores>;
}

const change = (status: string) =>
  ({
    ...{ workflowId: 'hybridflow/kb/change', runId: 'r1', type: 'publishVersion', status },
    ...{ startedAt: '2026-01-02T03:04:05.000Z', closedAt: null, url: null },
  }) as Change;
const atWork = (last?: Change, open?: boolean): AtWork => ({ change: async () => last, isOpen: async () => open });

const VIEW: AliasView = {
  ...{ base: 'kb', configured: 'textbook_chunks', alias: 'textbook_chunks_latest', collection: 'textbook_chunks' },
  ...{ made: true, aliases: ['textbook_chunks_latest'], points: 36_216, status: 'green' },
};

test('makes the alias where nobody is at work, and says what readers see; again it changes nothing', async () => {
  const stores = fakeStores();
  expect(await adoptWhileIdle(stores, atWork(), SETTINGS)).toEqual(VIEW);
  expect(await adoptWhileIdle(stores, atWork(change('COMPLETED')), SETTINGS)).toEqual({ ...VIEW, made: false });
});

test.each(['RUNNING', 'PAUSED'])('is refused while a change is %s', async (status) => {
  const stores = fakeStores();
  const error = await failureOf(adoptWhileIdle(stores, atWork(change(status)), SETTINGS));
  expect(error).toMatchObject({ code: 'BASE_BUSY', facts: { details: { change: { runId: 'r1' } } } });
  expect(error.message).toContain('publishVersion');
  expect(stores.asked).toEqual([]);
});

test('is refused where the base is claimed by a run that may be alive, and not by a dead one', async () => {
  for (const open of [true, undefined]) {
    const stores = fakeStores(CLAIM);
    const error = await failureOf(adoptWhileIdle(stores, atWork(undefined, open), SETTINGS));
    expect([error.code, stores.asked]).toEqual(['BASE_BUSY', []]);
  }
  expect(await adoptWhileIdle(fakeStores(CLAIM), atWork(undefined, false), SETTINGS)).toMatchObject({ made: true });
});

test('a few lines: the alias, what stands behind it, how many points', () => {
  const lines = renderAlias(VIEW, plain).split('\n');
  expect(lines[0]).toBe('kb is read through the alias textbook_chunks_latest from now on');
  expect(lines[1]).toBe('  readers see  textbook_chunks: 36,216 points, green');
  expect(lines.at(-1)).toContain('promoted by moving the alias');
  const again = renderAlias({ ...VIEW, made: false }, plain);
  expect(again).toContain('already; nothing was changed');
  expect(again).not.toContain('promoted by');
  expect(renderAlias(VIEW, painted)).toContain(ANSI);
});
