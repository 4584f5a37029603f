import { canonicalJson } from '../../domain/canonical-json';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { Refusal } from '../../domain/preflight';
import { LATEST_COPY } from '../../domain/version-id';
import { STORE_TITLES } from '../../domain/words';
import type { Stores } from '../../stores/ports';
import { recordedFingerprint } from '../fingerprints';

const SCHEMA = '(schema)';

/**
 * Whether the version's stores can be put in place at all, and stand beside those that stay. Dimension and distance
 * must be production's: Qdrant takes no snapshot into a collection of another make, however many stores are restored.
 * A schema comes along with a restore of all three; a part of them must have that of the rest.
 */
export async function judgeFitness(
  stores: Stores,
  folder: string,
  manifest: Manifest,
  wanted: readonly StoreName[],
): Promise<Refusal[]> {
  const refusals = wanted.includes('qdrant') ? await judgeVectors(stores, manifest) : [];
  if (wanted.length === STORE_NAMES.length) return refusals;
  for (const store of wanted.filter((one) => one !== 'qdrant')) {
    refusals.push(...(await judgeSchema(stores, folder, store)));
  }
  return refusals;
}

/**
 * A snapshot goes into a collection that is there: making one is a person's decision, since its name may be another
 * program's, or an alias's.
 *
 * @throws HybridFlowError COLLECTION_MISSING with the collection that the version asks for
 */
export async function assertCollection({ vectors }: Pick<Stores, 'vectors'>, { qdrant }: Manifest): Promise<void> {
  try {
    await vectors.readMode();
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'COLLECTION_MISSING') throw error;
    throw new HybridFlowError('COLLECTION_MISSING', {
      found: error.facts.found,
      expected: 'a collection that the snapshot of the version goes into; an empty one will do',
      next:
        `make ${qdrant.name} anew and empty with ${vectorsOf(qdrant.config)}, then repeat the restore: ` +
        'points, payloads and indexes come with it. Nothing was changed',
      details: { ...error.facts.details, version: qdrant.collection },
    });
  }
}

async function judgeVectors({ vectors }: Stores, { qdrant }: Manifest): Promise<Refusal[]> {
  const [theirs, ours] = [vectorsOf(qdrant.config), vectorsOf((await vectors.describe()).config)];
  if (theirs === ours) return [];
  return [
    {
      code: 'QDRANT_UNFIT',
      facts: {
        found: `production's vectors are ${ours}`,
        expected: `${theirs}, as the version's: its snapshot goes into no collection of another dimension or distance`,
        next:
          `save the collection ${qdrant.collection}, delete it, and make it anew and empty with ${theirs}; ` +
          'then repeat the restore of all three stores. Nothing was changed',
        details: { production: ours, version: theirs },
      },
    },
  ];
}

/**
 * The schema that the version was sealed with against the one that production was last sealed with: production's own,
 * as it stands, may be what is to be repaired.
 */
async function judgeSchema(stores: Stores, folder: string, store: StoreName): Promise<Refusal[]> {
  if (folder === LATEST_COPY || !(await stores.artifacts.exists(LATEST_COPY))) return [];
  const schemaOf = async (from: string) => {
    const { groups } = await recordedFingerprint(stores, from, store);
    return groups.find(({ group }) => group === SCHEMA)?.sha256;
  };
  const sealed = await schemaOf(LATEST_COPY).catch(unlessUnfit);
  if (sealed === undefined || (await schemaOf(folder)) === sealed) return [];
  return [
    {
      code: 'CHECK_FAILED',
      facts: {
        found: `the version has another schema of ${STORE_TITLES[store]} than production was last sealed with`,
        expected: 'the same schema where only some stores are restored',
        next: 'restore all three stores (leave `--store` out); nothing was changed',
      },
    },
  ];
}

function vectorsOf(config: unknown): string {
  const params = (config as { params?: { vectors?: unknown; sparse_vectors?: unknown } } | null)?.params;
  const shape = (one: unknown) => {
    const { size, distance } = (one ?? {}) as { size?: unknown; distance?: unknown };
    return size === undefined ? undefined : { size, distance };
  };
  const given = params?.vectors;
  const single = shape(given);
  if (single) return canonicalJson(single);
  return canonicalJson(
    Object.fromEntries(Object.entries(given ?? {}).map(([name, one]) => [name, shape(one) ?? null])),
  );
}

/** A latest-copy that is damaged, or from before there were fingerprints, has no say. */
function unlessUnfit(error: unknown): undefined {
  const unfit = ['ARTIFACT_DAMAGED', 'CHECK_FAILED', 'VERSION_UNKNOWN'];
  if (error instanceof HybridFlowError && unfit.includes(error.code)) return undefined;
  throw error;
}
