/**
 * Text to vector without a model: feature hashing. Words and pairs of neighbouring words are hashed to a few of the
 * vector's places with a sign, weighted by their logarithmic count, and the whole is brought to unit length. It needs
 * no download and no network, and it is the same on every machine, so that a search can be repeated to the letter.
 * Texts that share words are near each other; it knows nothing of synonyms.
 */

/** The dimension of the production collection, and so the default here. */
export const FEATURE_DIMENSIONS = 768;

/** A pair of words says less than its two words do: it only orders texts that hold the same words. */
const PAIR_WEIGHT = 0.4;

/**
 * With one place each, two words that share it would be the same word to a search. With several, two words share one
 * at most, as a rule, and a word that is searched for outweighs those that it meets there.
 */
const PLACES_PER_FEATURE = 4;

const STOP_WORDS = new Set(
  (
    'a about after all also an and any are as at be because been before being between both but by can could did do does ' +
    'during each either for from had has have if in into is it its may more most must no not of on only or other our out ' +
    'over per same should so some such than that the their them then there these they this those through to under until ' +
    'up upon was were what when where whether which while who will with within without would'
  ).split(' '),
);

/**
 * A 32-bit hash of a text (FNV-1a with the finishing mix of MurmurHash3, without which the low bits of short words
 * fall unevenly). `from` continues an earlier hash.
 */
export function hash32(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

function mix(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The next of a row of hashes that follow from the first. */
function remix(hash: number): number {
  return mix((hash + 0x9e3779b9) | 0);
}

/** The words of a text that carry meaning: lower case, plural folded into singular, stop words dropped. */
export function contentWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !STOP_WORDS.has(word)).map(singular);
}

/**
 * The vector of a text: `dimensions` numbers of unit length together. A text without a single content word has no
 * direction: its vector is all zeros, which the caller must not search with.
 */
export function embedText(text: string, dimensions = FEATURE_DIMENSIONS): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const [hash, { count, weight }] of features(contentWords(text))) {
    const strength = weight * (1 + Math.log(count));
    for (let i = 0, spread = hash; i < PLACES_PER_FEATURE; i++, spread = remix(spread)) {
      // The sign comes from a bit that does not also choose the place, so that collisions cancel out on average.
      const sign = (spread & 0x80000000) === 0 ? 1 : -1;
      const place = (spread & 0x7fffffff) % dimensions;
      vector[place] = (vector[place] ?? 0) + sign * strength;
    }
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function features(words: string[]): Map<number, { count: number; weight: number }> {
  const found = new Map<number, { count: number; weight: number }>();
  const add = (hash: number, weight: number) => {
    const feature = found.get(hash);
    if (feature) feature.count += 1;
    else found.set(hash, { count: 1, weight });
  };
  let previous: number | undefined;
  for (const word of words) {
    const hash = hash32(word);
    add(hash, 1);
    if (previous !== undefined) add(hash32(word, previous), PAIR_WEIGHT);
    previous = hash;
  }
  return found;
}

/** Folds the plain plurals only: "lungs" finds "lung", while "pancreas", "pelvis" and "abscess" stay what they are. */
function singular(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 3 && word.endsWith('s') && !/(ss|us|is|as)$/.test(word)) return word.slice(0, -1);
  return word;
}
