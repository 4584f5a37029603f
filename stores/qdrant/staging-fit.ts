import type { Schemas } from '@qdrant/js-client-rest';
import { v5 as uuidv5 } from 'uuid';
import { canonicalJson } from '../../domain/canonical-json';
import { HybridFlowError } from '../../domain/errors';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl } from '../ports';
import type { QdrantConnection } from './client';
import { pagesOf, type Point } from './points';
import { resolveCollection } from './resolve';
import { requireStaging } from './staging';

const PAGE = 2_500;

/**
 * Whether readers could go on with staging in production's place: the same vectors, and every point where its chunk_id
 * says. What the points hold is for the checks to judge.
 *
 * @throws HybridFlowError STAGING_UNFIT with samples; NOT_STAGING
 */
export async function assertStagingFits(
  connection: QdrantConnection,
  { onProgress, signal }: CallControl = {},
): Promise<void> {
  const staging = await requireStaging(connection);
  const { collection: production } = await resolveCollection(connection);
  const [expected, found] = await Promise.all([vectorsOf(connection, production), vectorsOf(connection, staging)]);
  if (found !== expected) throw otherVectors(staging, found, expected);
  const misplaced = new OffenderTally();
  const scroll = { limit: PAGE, with_payload: ['chunk_id'], with_vector: false };
  let done = 0;
  for await (const points of pagesOf(connection, staging, scroll, signal)) {
    for (const point of points) {
      const problem = placeProblem(point);
      if (problem !== undefined) misplaced.add(problem);
    }
    onProgress?.((done += points.length));
  }
  if (misplaced.total > 0) throw otherPlaces(staging, misplaced);
}

function placeProblem({ id, payload }: Point): string | undefined {
  const chunkId = payload?.chunk_id;
  if (typeof chunkId !== 'string' || chunkId === '') return `point ${id} has no chunk_id`;
  const expected = uuidv5(chunkId, uuidv5.DNS);
  return String(id) === expected ? undefined : `point ${id} holds ${chunkId}, which belongs in ${expected}`;
}

/** What a query must know of the vectors; where and how they are kept may differ. */
async function vectorsOf({ call }: QdrantConnection, collection: string): Promise<string> {
  const { vectors, sparse_vectors } = (await call((client) => client.getCollection(collection))).config.params;
  const dense = typeof vectors?.size === 'number' ? { '': vectors } : (vectors ?? {});
  const shapes = Object.entries(dense as Record<string, Schemas['VectorParams']>).map(([name, params]) => {
    const { size, distance, multivector_config: multivector = null } = params;
    // Undefined is what a server leaves out where nobody asked for anything else.
    return [name, { size, distance, datatype: params.datatype ?? 'float32', ...(multivector && { multivector }) }];
  });
  const sparse = Object.entries(sparse_vectors ?? {}).map(([name, params]) => {
    return [name, { modifier: params?.modifier ?? 'none' }];
  });
  const shown = {
    vectors: Object.fromEntries(shapes) as object,
    ...(sparse.length > 0 && { sparse: Object.fromEntries(sparse) as object }),
  };
  return canonicalJson(shown);
}

function otherVectors(staging: string, found: string, expected: string): HybridFlowError {
  return new HybridFlowError('STAGING_UNFIT', {
    found: `the vectors of "${staging}" are ${found}`,
    expected: `production's, ${expected}`,
    next: 'make the vectors anew with the model that production was made with; a change of model is a base of its own',
    details: { collection: staging },
  });
}

function otherPlaces(staging: string, misplaced: OffenderTally): HybridFlowError {
  const { total, samples } = misplaced.result();
  return new HybridFlowError('STAGING_UNFIT', {
    found: `${total} points of "${staging}" are not where their chunk_id puts them: ${samples.slice(0, 3).join('; ')}${total > 3 ? '; …' : ''}`,
    expected: 'the UUIDv5 of the chunk_id, in the DNS namespace, as the id of every point',
    next: 'correct what writes the points, and write them again',
    details: { total, samples },
  });
}
