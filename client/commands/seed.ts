import type { Command } from 'commander';
import type { Host } from '../host';
import { whole } from '../numbers';
import { renderSeed } from '../render/seed-bars';
import { scaleOf, seedStores } from '../seeding';

export const DEFAULT_SEED = 1;

interface Flags {
  scale: string;
  seed: number;
  fresh?: boolean;
}

/** `hfv seed`: fills empty stores with the demonstration corpus. */
export function addSeed(program: Command, host: Host): void {
  program
    .command('seed')
    .description('fill empty stores with the demonstration corpus; stores with other data are refused')
    .option('--scale <scale>', 'full, small, or a number of paragraphs', 'full')
    .option('--seed <n>', 'the same scale and number make the same corpus', whole, DEFAULT_SEED)
    .option('--fresh', 'first remove what was seeded before')
    .action(
      host.run<Flags>(async (context, { scale, seed, fresh }) => {
        const result = await seedStores(context, { scale: scaleOf(scale), seed, fresh });
        context.out.result(result, () => renderSeed(result));
      }),
    );
}
