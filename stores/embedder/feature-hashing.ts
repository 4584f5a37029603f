import { embedText } from '../../domain/feature-hashing';
import type { Embedder } from '../ports';
import { assertFit } from './vectors';

const NAME = 'feature-hashing';

/** The embedder without a model, the one that the demonstration corpus was made with. */
export function openFeatureHashing(): Embedder {
  return {
    name: NAME,
    async embed(texts, dimension) {
      const vectors = texts.map((text) => embedText(text, dimension));
      assertFit(NAME, texts, dimension, vectors);
      return vectors;
    },
  };
}
