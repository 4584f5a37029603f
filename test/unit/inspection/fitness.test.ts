import type { ActivityDeps } from '../../../activities';
import { HybridFlowError } from '../../../domain/errors';
import type { Manifest } from '../../../domain/manifest';
import { FINGERPRINT_FILES, STORE_NAMES, type StoreName } from '../../../domain/names';
import { LATEST_COPY } from '../../../domain/version-id';
import { judgeFitness } from '../../../inspection/restore/fitness';
import { planRestore } from '../../../inspection/restore/plan';
import { listText, summaryOf } from '../../../stores/fingerprint-text';
import { fakeGroups } from '../../support/fakes/fingerprints';
import { BASELINE, contentOf, RestoreWorld } from '../../support/fakes/restore-world';

const vectors = (size: number, distance = 'Cosine') => ({ params: { vectors: { size, distance } } });

/** A version whose vectors were of `theirs`, beside a production whose vectors are of `ours`. */
function worldOf(theirs: object, ours: object): { world: RestoreWorld; deps: ActivityDeps; manifest: Manifest } {
  const world = new RestoreWorld();
  const manifest = world.folders.get(BASELINE)?.manifest;
  if (!manifest) throw new Error('the baseline is not sealed');
  manifest.qdrant.config = theirs;
  const deps = world.deps();
  deps.vectors.describe = async () => ({ config: ours, payloadSchema: {} });
  return { world, deps, manifest };
}

const judge = async (theirs: object, ours: object, wanted: readonly StoreName[]) => {
  const { deps, manifest } = worldOf(theirs, ours);
  return judgeFitness(deps, BASELINE, manifest, wanted);
};

describe('vectors', () => {
  test.each<[string, readonly StoreName[]]>([
    ['all stores', STORE_NAMES],
    ['Qdrant alone', ['qdrant']],
  ])('of another dimension are refused where %s are restored, with both and the way out', async (_, wanted) => {
    const [refusal, ...others] = await judge(vectors(768), vectors(1_024), wanted);
    expect(others).toEqual([]);
    expect(refusal?.code).toBe('QDRANT_UNFIT');
    expect(refusal?.facts.found).toContain('1024');
    expect(refusal?.facts.expected).toContain('768');
    expect(refusal?.facts.next).toMatch(/delete it, and make it anew and empty with .*768/);
  });

  test('of another distance are refused, and so is one of several names that differs', async () => {
    expect(await judge(vectors(768), vectors(768, 'Dot'), STORE_NAMES)).toHaveLength(1);
    const named = (size: number) => ({ params: { vectors: { text: { size, distance: 'Cosine' } } } });
    expect(await judge(named(8), named(16), STORE_NAMES)).toHaveLength(1);
    expect(await judge(named(8), named(8), STORE_NAMES)).toEqual([]);
  });

  test('are compared by what a snapshot needs, not by how the collection is tuned', async () => {
    const tuned = { params: { vectors: { size: 768, distance: 'Cosine', on_disk: true } }, hnsw_config: { m: 32 } };
    expect(await judge(vectors(768), tuned, STORE_NAMES)).toEqual([]);
  });

  test('are not asked about where Qdrant stays as it is', async () => {
    expect(await judge(vectors(768), vectors(1_024), ['sqlite', 'neo4j'])).toEqual([]);
  });

  test('stand in the plan of a restore, before anything is done', async () => {
    const { deps } = worldOf(vectors(768), vectors(1_024));
    const plan = await planRestore(deps, { base: 'test', version: BASELINE, stores: [], minimumFreeBytes: 1 });
    expect(plan.refusals).toMatchObject([{ code: 'QDRANT_UNFIT', expected: expect.stringContaining('768') as string }]);
  });
});

test('a collection that is gone is asked for, with the vectors that the version needs', async () => {
  const { deps } = worldOf(vectors(768), vectors(768));
  deps.vectors.readMode = async () => {
    throw new HybridFlowError('COLLECTION_MISSING', { found: 'there is no collection' });
  };
  const request = { base: 'test', version: BASELINE, stores: [], minimumFreeBytes: 1 };
  await expect(planRestore(deps, request)).rejects.toMatchObject({
    code: 'COLLECTION_MISSING',
    facts: { next: expect.stringMatching(/anew and empty with .*768.*repeat the restore/) as string },
  });
});

describe('a schema', () => {
  /** Seals a folder anew whose list of Neo4j says which schema there was. */
  function sealWith(world: RestoreWorld, folder: string, schema: string): void {
    const groups = [...fakeGroups('(schema)', 2, schema), ...contentOf(world.content).neo4j];
    const found = world.folders.get(folder);
    found?.texts?.set(FINGERPRINT_FILES.neo4j, listText(groups));
    const recorded = found?.manifest?.artifacts.find(({ store }) => store === 'neo4j')?.fingerprint;
    if (recorded) recorded.sha256 = summaryOf(groups).sha256;
  }

  const judged = async (theirs: string, ours: string, wanted: readonly StoreName[]) => {
    const { world, deps, manifest } = worldOf({}, {});
    sealWith(world, BASELINE, theirs);
    sealWith(world, LATEST_COPY, ours);
    return judgeFitness(deps, BASELINE, manifest, wanted);
  };

  test('that is another one is refused where only that store is restored, and says that all three may be', async () => {
    const [refusal] = await judged('one index', 'two indexes', ['neo4j']);
    expect(refusal).toMatchObject({
      code: 'CHECK_FAILED',
      facts: { found: expect.stringContaining('Neo4j') as string },
    });
    expect(refusal?.facts.next).toContain('leave `--store` out');
    expect(await judged('one index', 'one index', ['neo4j'])).toEqual([]);
  });

  test('comes along where all three stores are restored', async () => {
    expect(await judged('one index', 'two indexes', STORE_NAMES)).toEqual([]);
  });

  test('has no say where latest-copy is damaged, or is itself what is restored', async () => {
    const { world, deps, manifest } = worldOf({}, {});
    sealWith(world, BASELINE, 'one index');
    world.folders.get(LATEST_COPY)?.texts?.delete(FINGERPRINT_FILES.neo4j);
    expect(await judgeFitness(deps, BASELINE, manifest, ['neo4j'])).toEqual([]);
    expect(await judgeFitness(deps, LATEST_COPY, manifest, ['neo4j'])).toEqual([]);
  });
});
