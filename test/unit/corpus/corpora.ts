import { chapters, type Chapter } from '../../../stack/corpus/chapters';
import { planCorpus, type Scale } from '../../../stack/corpus/plan';
import { Tally } from '../../../stack/corpus/tally';

/** The seed of these tests; set CORPUS_SEED to try another one. It is printed, so that a failure can be repeated. */
export const SEED = Number(process.env.CORPUS_SEED ?? 20_251_225);

export function corpus(scale: Scale, seed = SEED): Chapter[] {
  return [...chapters(planCorpus(scale, seed))];
}

export function tally(scale: Scale, seed = SEED): Tally {
  const counted = new Tally();
  for (const chapter of chapters(planCorpus(scale, seed))) counted.add(chapter);
  return counted;
}

export function digest(scale: Scale, seed = SEED): string {
  return tally(scale, seed).digest();
}
