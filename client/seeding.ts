import { clearSeed, seed, type SeedResult } from '../stack/corpus/seed';
import type { Scale } from '../stack/corpus/plan';
import { HybridFlowError } from '../domain/errors';
import type { Context } from './context';
import { SeedBars } from './render/seed-bars';

export interface SeedRequest {
  scale: Scale;
  seed: number;
  fresh?: boolean;
}

/** Reads `full`, `small`, or a number of paragraphs. @throws HybridFlowError CONFIG_INVALID */
export function scaleOf(text: string): Scale {
  if (text === 'full' || text === 'small') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `--scale is ${text}`,
    expected: 'full, small, or a number of paragraphs',
  });
}

/** Fills the stores with the demonstration corpus, showing how far each is. */
export async function seedStores(context: Context, { scale, seed: number, fresh }: SeedRequest): Promise<SeedResult> {
  const { out } = context;
  const settings = context.settings();
  if (fresh) {
    const { cleared, left } = await clearSeed(settings);
    out.note(cleared ? 'removed what was seeded before' : 'there was nothing seeded to remove');
    for (const thing of left) out.warn(`left as it is: ${thing}`);
  }
  const bars = new SeedBars(out);
  try {
    return await seed({ settings, scale, seed: number, onProgress: (progress) => bars.update(progress) });
  } finally {
    bars.stop();
  }
}
