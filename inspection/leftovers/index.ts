import { HybridFlowError } from '../../domain/errors';
import { judgeLeftovers, type Leftover, type Residue } from '../../domain/leftovers';
import { STORE_TITLES } from '../../domain/words';
import type { CallControl } from '../../stores/ports';
import type { IsOpen } from '../holders';
import { Known, type LeftoverDeps } from './context';
import { findInBackups, findInSqlite, hasLatestCopy } from './files';
import { findInNeo4j, findInQdrant } from './services';

export type { LeftoverDeps } from './context';

export interface LeftoversFound {
  leftovers: Leftover[];
  /** Stores that could not be looked into, and why. */
  notes: string[];
}

export interface LeftoverOptions {
  isOpen?: IsOpen;
  now?: Date;
  control?: CallControl;
}

/**
 * What runs that were killed have left in the backups folder and the three stores, each with its age, its owner, and
 * what is to become of it. Reads only; a service that does not answer is a note, and the others are looked into.
 *
 * @throws HybridFlowError BASE_BUSY where a claim is there that cannot be read; whatever metadata.db is refused with
 */
export async function findLeftovers(
  deps: LeftoverDeps,
  { isOpen = async () => undefined, now = new Date(), control = {} }: LeftoverOptions = {},
): Promise<LeftoversFound> {
  const known = await Known.of(deps, isOpen, control);
  const notes: string[] = [];
  const found = [...(await findInBackups(deps, known)), ...findInSqlite(deps)];
  found.push(...(await orNote('qdrant', notes, () => findInQdrant(deps, known))));
  found.push(...(await orNote('neo4j', notes, () => findInNeo4j(deps, known))));
  const { underWay, inUse, quietSince, everStaged } = known;
  const latestCopy = await hasLatestCopy(deps);
  const facts = { now, settings: deps.retention, underWay, inUse, quietSince, everStaged, latestCopy };
  return { leftovers: judgeLeftovers(found, facts), notes };
}

async function orNote(store: 'qdrant' | 'neo4j', notes: string[], look: () => Promise<Residue[]>): Promise<Residue[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof HybridFlowError)) throw error;
    notes.push(`${STORE_TITLES[store]} was not looked into: ${error.facts.found}`);
    return [];
  }
}
