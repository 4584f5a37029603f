import { judgeChains, judgeCrossReferences, judgeOrphans, type Verdict } from '../../domain/seven-checks';
import type { CheckContext } from './context';

/** Check 5. */
export async function checkOrphans({ reads, stores, control }: CheckContext): Promise<Verdict> {
  const [paragraphs, orphans] = await Promise.all([reads.paragraphs(), stores.graph.orphans(control)]);
  return judgeOrphans(paragraphs, orphans);
}

/** Check 6. */
export async function checkChains({ reads, stores, control }: CheckContext): Promise<Verdict> {
  const [paragraphs, broken] = await Promise.all([reads.paragraphs(), stores.graph.brokenChains(control)]);
  return judgeChains(paragraphs, broken);
}

/** Check 7. */
export async function checkCrossReferences({ reads, stores, control }: CheckContext): Promise<Verdict> {
  const [paragraphs, invalid] = await Promise.all([reads.paragraphs(), stores.graph.invalidCrossReferences(control)]);
  return judgeCrossReferences(paragraphs, invalid);
}
