import { HybridFlowError } from '../../domain/errors';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { STORE_TITLES } from '../../domain/words';
import { DigestList } from '../../stores/fingerprint';
import type { ChunkDigest } from '../../stores/ports/contents';
import type { ChunkStore } from './types';

/**
 * Hands the chunks on, and proves at the end that they are those that the list of fingerprints was made of: the list is
 * vouched for by the manifest, and what lies beside it is so by this.
 *
 * Where nothing is known (`null`) there is nothing to prove.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED naming the chapters whose chunks are others
 */
export async function* proven(
  chunks: AsyncIterable<ChunkDigest>,
  known: readonly GroupFingerprint[] | null,
  wanted: ReadonlySet<string>,
  { side, store }: { side: string; store: ChunkStore },
): AsyncGenerator<ChunkDigest> {
  const stated = new Map(known?.filter(({ group }) => wanted.has(group)).map((one) => [one.group, one.sha256]));
  const found = new Map([...stated.keys()].map((group) => [group, new DigestList()]));
  for await (const chunk of chunks) {
    let digests = found.get(chunk.group);
    if (!digests) found.set(chunk.group, (digests = new DigestList()));
    digests.push(chunk.digest);
    yield chunk;
  }
  const wrong = [...found].filter(([group, digests]) => digests.sha256() !== stated.get(group)).map(([group]) => group);
  if (known === null || wrong.length === 0) return;
  throw new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${side}: its chunks in ${STORE_TITLES[store]} are not those that its list of fingerprints was made of, in ${wrong.slice(0, 5).join(', ')}`,
    expected: 'chunks with the fingerprints that the version was sealed with',
    next: `look at the version with \`hfv verify ${side}\``,
    details: { store, chapters: wrong.slice(0, 20) },
  });
}
