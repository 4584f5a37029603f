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
 * Whether the version's stores can stand beside those that stay. A restore of all three brings dimension and schema
 * along; a part of them must have those of the rest.
 */
export async function judgeFitness(
  stores: Stores,
  folder: string,
  manifest: Manifest,
  wanted: readonly StoreName[],
): Promise<Refusal[]> {
  if (wanted.length === STORE_NAMES.length) return [];
  const refusals = wanted.includes('qdrant') ? await judgeVectors(stores, manifest) : [];
  for (const store of wanted.filter((one) => one !== 'qdrant')) {
    refusals.push(...(await judgeSchema(stores, folder, store)));
  }
  return refusals;
}

async function judgeVectors({ vectors }: Stores, { qdrant }: Manifest): Promise<Refusal[]> {
  const [theirs, ours] = [vectorsOf(qdrant.config), vectorsOf((await vectors.describe()).config)];
  if (theirs === ours) return [];
  return [
    {
      code: 'CHECK_FAILED',
      facts: {
        found: `the version's vectors are ${theirs}, production's are ${ours}`,
        expected: 'the same dimension and distance where only some stores are restored',
        next: 'restore all three stores (leave `--store` out), or another version; nothing was changed',
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
