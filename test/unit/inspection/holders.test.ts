import type { Claim } from '../../../domain/claim';
import type { VersionRow } from '../../../domain/registry';
import type { WriteFence } from '../../../domain/write-fence';
import { findHolder, judgeHolder, type Asking, type RunRef } from '../../../inspection/holders';
import type { Stores } from '../../../stores/ports';

const claim: Claim = {
  base: 'kb',
  namespace: 'default',
  workflowId: 'hybridflow/kb/change',
  runId: 'run-1',
  versionId: 'v1_baseline_20260101_000000',
  label: 'v1_baseline',
  claimedAt: '2026-01-01T00:00:00.000Z',
};
const fence: WriteFence = {
  owner: 'registerBaseline',
  workflowId: claim.workflowId,
  runId: 'run-1',
  reason: 'labels are being added',
  acquiredAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T01:00:00.000Z',
};
const row = { versionId: claim.versionId, status: 'validating', workflowId: null, runId: null } as VersionRow;

interface Standing {
  claim?: Claim;
  fence?: WriteFence;
  rows?: VersionRow[];
}

function find({ claim: claimed, fence: held, rows = [] }: Standing, asking: Asking = {}) {
  return findHolder(
    {
      metadata: { fence: { read: () => held }, registry: { list: () => rows } },
      artifacts: { readClaim: async () => claimed },
    } as unknown as Stores,
    asking,
  );
}
const closed = async () => false;
const codes = async (standing: Standing, asking?: Asking) => {
  const holder = await find(standing, asking);
  return judgeHolder(holder).map(({ code }) => code);
};

test('nobody holds a base where nothing stands', async () => {
  expect(await find({ rows: [{ ...row, status: 'committed' }] })).toBeUndefined();
  expect(await codes({})).toEqual([]);
});

test.each<[string, Standing, RegExp]>([
  ['a claim', { claim }, /claimed for v1_baseline_20260101_000000 by workflow hybridflow\/kb\/change/],
  ['a row of the registry', { rows: [row] }, /v1_baseline_20260101_000000 as validating/],
  ['a fence', { fence }, /fence is held by registerBaseline until .* \(labels are being added\)/],
])('%s holds it, and a migration would be refused', async (_, standing, words) => {
  expect((await find(standing))?.words).toMatch(words);
  expect(await codes(standing)).toEqual(['BASE_BUSY']);
});

test('what the asking run holds itself is no obstacle to it', async () => {
  const standing = { claim, fence, rows: [{ ...row, workflowId: claim.workflowId, runId: 'run-1' }] };
  expect(await find(standing, { ownRunId: 'run-1' })).toBeUndefined();
  expect(await codes(standing, { ownRunId: 'run-2' })).toEqual(['BASE_BUSY']);
});

test('what a dead run left is named, and refuses nothing', async () => {
  const asked: RunRef[] = [];
  const isOpen = async (run: RunRef) => {
    asked.push(run);
    return false;
  };
  const holder = await find({ claim, fence }, { isOpen });
  expect(holder).toMatchObject({ alive: false, words: expect.stringContaining('claimed') as string });
  expect(judgeHolder(holder)).toEqual([]);
  expect(asked).toMatchObject([{ workflowId: claim.workflowId, runId: 'run-1', namespace: 'default' }]);
});

test("somebody else's fence stands beside what a dead run left", async () => {
  const standing = { claim, fence: { ...fence, owner: 'ingest', runId: 'by hand' } };
  expect((await find(standing, { isOpen: closed }))?.words).toContain('ingest');
  expect(await codes(standing, { isOpen: closed })).toEqual(['BASE_BUSY']);
});

test('where nobody can say whether a run is alive, the refusal says how that is settled', async () => {
  const [refusal] = judgeHolder(await find({ claim }));
  expect(refusal?.facts.next).toContain('first undoes what it left');
  const [certain] = judgeHolder(await find({ claim }, { isOpen: async () => true }));
  expect(certain?.facts.next).not.toContain('undoes');
});

test('a row that names no workflow is nobody to ask after', async () => {
  const isOpen = jest.fn(closed);
  expect(await codes({ rows: [row] }, { isOpen })).toEqual(['BASE_BUSY']);
  expect(isOpen).not.toHaveBeenCalled();
});
