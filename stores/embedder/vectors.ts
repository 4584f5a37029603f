import { HybridFlowError } from '../../domain/errors';

/**
 * What an embedder answered, once it is what was asked for. A text of no direction (all zeros) is as unfit: there is
 * nothing that it would be near to.
 *
 * @throws HybridFlowError EMBEDDER_UNFIT
 */
export function assertFit(
  embedder: string,
  texts: readonly string[],
  dimension: number,
  vectors: readonly (readonly number[])[],
): void {
  if (vectors.length !== texts.length) {
    throw unfit(embedder, `${vectors.length} vectors for ${texts.length} texts`, 'one vector a text');
  }
  for (const [i, vector] of vectors.entries()) {
    const of = `for ${JSON.stringify(texts[i])}`;
    if (vector.length !== dimension) {
      throw unfit(embedder, `${vector.length} numbers ${of}`, `${dimension}, the dimension of the collection`);
    }
    if (!vector.every((value) => Number.isFinite(value))) {
      throw unfit(embedder, `something that is no number in the vector ${of}`, 'finite numbers');
    }
    if (vector.every((value) => value === 0)) {
      throw unfit(embedder, `a vector of zeros ${of}`, 'a text with words to search for');
    }
  }
}

export function unfit(embedder: string, what: string, expected?: string): HybridFlowError {
  return new HybridFlowError('EMBEDDER_UNFIT', {
    found: `the embedder ${embedder} answered with ${what}`,
    expected,
    next: 'configure the embedder that the collection was made with (embedder and probes.queries in the settings file)',
  });
}
