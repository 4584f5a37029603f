import type { Context } from '../client/context';
import { withStores } from '../client/stores';
import { runChecks } from '../inspection/checks';

/** What the seven checks took. Times in milliseconds; they run side by side and share what they read. */
export interface MeasuredChecks {
  totalMs: number;
  checks: { number: number; name: string; milliseconds: number }[];
}

/** Runs all seven in this process, as `hfv validate` does; a base that does not pass them would be no measure. */
export async function measureChecks(context: Context): Promise<MeasuredChecks> {
  return withStores(context, async (stores) => {
    const startedAt = performance.now();
    const results = await runChecks(stores);
    const totalMs = Math.round(performance.now() - startedAt);
    const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
    if (failed.length > 0) throw new Error(`The base does not pass its checks: ${failed.join(', ')}`);
    const checks = results.map(({ number = 0, name, durationMs = 0 }) => ({ number, name, milliseconds: durationMs }));
    return { totalMs, checks };
  });
}
