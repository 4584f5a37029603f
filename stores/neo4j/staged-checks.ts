import type { Offenders } from '../../domain/checks';
import { together } from '../../domain/offenders';
import type { CallControl, ChunkPage, GraphChecks } from '../ports';
import { findBrokenChains } from './chains';
import { countParagraphs, findInvalidCrossReferences, findOrphans, readChunks, type ParagraphScope } from './checks';
import type { GraphConnection } from './driver';
import { readChainsToBe } from './staged-chains';
import { COMING, staying } from './staged-scopes';
import { readStagedChapters } from './staged-survey';

/**
 * What the checks will find once the staged chapters have taken production's place and `removed` are gone. Each answer
 * reads what is staged at that moment.
 */
export function stagedChecks(connection: GraphConnection, removed: readonly string[]): GraphChecks {
  const going = async () => [...new Set([...(await readStagedChapters(connection)), ...removed])];
  const scopes = async (): Promise<ParagraphScope[]> => [staying(await going()), COMING];
  return {
    async paragraphs() {
      let total = 0;
      for (const scope of await scopes()) total += await countParagraphs(connection, scope);
      return total;
    },
    chunks: (control) => chunksOf(connection, scopes, control),
    async orphans(control) {
      const found: Offenders[] = [];
      for (const scope of await scopes()) found.push(await findOrphans(connection, control, scope));
      return together(found);
    },
    brokenChains: async (control) => findBrokenChains(readChainsToBe(connection, await going()), control),
    async invalidCrossReferences(control) {
      const found: (Offenders & { carrying: number })[] = [];
      for (const scope of await scopes()) found.push(await findInvalidCrossReferences(connection, control, scope));
      return { ...together(found), carrying: found.reduce((sum, { carrying }) => sum + carrying, 0) };
    },
  };
}

async function* chunksOf(
  connection: GraphConnection,
  scopes: () => Promise<ParagraphScope[]>,
  control?: CallControl,
): AsyncGenerator<ChunkPage, void, void> {
  for (const scope of await scopes()) yield* readChunks(connection, control, scope);
}
