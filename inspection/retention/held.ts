import type { Claim } from '../../domain/claim';
import { isActive } from '../../domain/status';
import { useText } from '../../domain/version-use';
import { heldBy, type WindowItem, type WindowRequest } from '../../domain/window';
import type { Stores } from '../../stores/ports';

type Asked = Pick<Stores, 'metadata' | 'artifacts'>;
export type Holds = Pick<WindowRequest, 'current' | 'pins' | 'inUse'>;

/**
 * What keeps versions where they are, whatever their age: production is one of them, somebody pinned them, a change
 * uses them, or somebody reads them for long and has marked them so.
 *
 * @throws HybridFlowError BASE_BUSY where a claim is there that cannot be read
 */
export async function findHolds({ metadata, artifacts }: Asked): Promise<Holds> {
  const inUse = new Map<string, string>();
  const use = (versionId: unknown, by: string) => {
    if (typeof versionId === 'string' && !inUse.has(versionId)) inUse.set(versionId, by);
  };
  const claim: (Claim & { from?: unknown }) | undefined = await artifacts.readClaim();
  use(claim?.versionId, 'a change is claimed for it');
  use(claim?.from, 'a change begins with it');
  for (const { versionId, status } of metadata.registry.list()) if (isActive(status)) use(versionId, 'under way');
  for (const { state, kind, versionId, previousVersionId, details } of metadata.journal.list()) {
    if (state !== 'switching' && state !== 'committed') continue;
    use(versionId, `a ${kind} of it is not ended`);
    use(previousVersionId, `a ${kind} away from it is not ended`);
    use(details.from, `a ${kind} that began with it is not ended`);
    use(sourceOf(details), `a ${kind} reads from it and is not ended`);
  }
  for (const one of await artifacts.uses()) use(one.versionId, useText(one));
  const pins = new Map(metadata.pins.list().map(({ versionId, reason }) => [versionId, reason]));
  return { current: metadata.journal.current()?.versionId ?? null, pins, inUse };
}

/** What a restore puts back; some stores only of an older version do not make it the version of the switch. */
function sourceOf({ source }: Record<string, unknown>): unknown {
  return typeof source === 'object' && source !== null && 'versionId' in source ? source.versionId : undefined;
}

/** Why this version must not leave now; undefined where nothing keeps it. */
export async function findHold(
  stores: Asked,
  versionId: string,
): Promise<Pick<WindowItem, 'rule' | 'reason'> | undefined> {
  return heldBy(versionId, await findHolds(stores));
}
