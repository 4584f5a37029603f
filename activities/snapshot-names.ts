import type { Claim } from '../domain/claim';
import type { QdrantSnapshotRef } from '../stores/ports';
import { isRetry, run } from './context';
import type { ActivityDeps } from './deps';

type Stores = Pick<ActivityDeps, 'vectors' | 'artifacts'>;

/** What became of the snapshots on the server. */
export interface SweptSnapshots {
  removed: string[];
  /** Taken since the run began, and not known to be its own: perhaps somebody else's. */
  left: string[];
}

/**
 * Takes a snapshot, and writes its name into the run's claim before anything else is done with it: where the run dies,
 * whoever undoes it knows the snapshot for the run's own. A repeated attempt goes on with the one that is named there.
 *
 * @param before names of the snapshots that were there before the run; the claim may know of later ones
 */
export async function takeSnapshot(stores: Stores, before: string[]): Promise<QdrantSnapshotRef> {
  const { vectors } = stores;
  const { runId } = run();
  const retry = isRetry();
  const { qdrantSnapshots: own = [], qdrantSnapshotsBefore: listed = before } = (await ownClaim(stores, runId)) ?? {};
  const present = await vectors.listSnapshots();
  const named = retry ? present.find(({ name }) => own.includes(name)) : undefined;
  if (named) return named;
  // Listed as late as can be, so that what a repeated attempt takes for its own is hardly ever somebody else's.
  const others = retry ? listed : present.map(({ name }) => name);
  if (!retry) await amendOwn(stores, runId, { qdrantSnapshotsBefore: others });
  const snapshot = await vectors.createSnapshot(others, { retry });
  await amendOwn(stores, runId, { qdrantSnapshots: [...own, snapshot.name] });
  return snapshot;
}

/** The names are an aid to the undo; a run without a claim of its own goes without. */
async function amendOwn(stores: Stores, runId: string, names: Partial<Claim>): Promise<void> {
  const claim = await ownClaim(stores, runId);
  if (claim) await stores.artifacts.amendClaim({ ...claim, ...names });
}

/**
 * Removes what the claim of a run names as its own. Whatever else has appeared stays, and is told.
 *
 * @param justNow the run itself asks, right after its order failed: where no name has come back, what has appeared
 *   since is taken for its own, as a repeated attempt takes it. Of a run long dead nobody can say that.
 */
export async function sweepSnapshots(
  stores: Stores,
  before: string[],
  { runId, justNow }: { runId: string; justNow: boolean },
): Promise<SweptSnapshots> {
  const { vectors } = stores;
  const { qdrantSnapshots, qdrantSnapshotsBefore: earlier = before } = (await ownClaim(stores, runId)) ?? {};
  const appeared = (await vectors.listSnapshots()).map(({ name }) => name).filter((name) => !earlier.includes(name));
  const own = qdrantSnapshots ?? (justNow ? appeared : []);
  const removed = appeared.filter((name) => own.includes(name));
  for (const name of removed) await vectors.deleteSnapshot(name);
  return { removed, left: appeared.filter((name) => !own.includes(name)) };
}

/** A claim is amended by its own run only; an undo on behalf of a run may find that another has the base by now. */
async function ownClaim({ artifacts }: Stores, runId: string): Promise<Claim | undefined> {
  const claim = await artifacts.readClaim();
  return claim?.runId === runId ? claim : undefined;
}
