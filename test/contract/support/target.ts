import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Gateway } from './gateway';
import { sweepSnapshots } from './replay';
import { Wire } from './wire';

/** The server under test. */
export interface Target {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** A prefix no other user of the server has; everything the suite makes carries it. */
  readonly prefix: string;
  /** Deletes what carries the prefix, and stops the server where the suite started it. */
  release(): Promise<void>;
}

const NAMED = process.env.QDRANT_CONTRACT_URL ?? process.env.QDRANT_URL;

/** Which server the suite talks to, for the titles of its tests. */
export const TARGET_NAME = NAMED ? `the server at ${NAMED}` : 'an edge gateway of its own';

/** The server that the environment names, or a gateway started for this run. */
export async function openTarget(): Promise<Target> {
  const prefix = `contract-${randomBytes(5).toString('hex')}-`;
  if (NAMED) {
    const url = NAMED.replace(/\/+$/, '');
    const apiKey = process.env.QDRANT_API_KEY;
    return { url, apiKey, prefix, release: () => sweep(new Wire(url, apiKey), prefix) };
  }
  const folder = await mkdtemp(join(tmpdir(), 'qdrant-contract-'));
  const gateway = await Gateway.start(join(folder, 'storage')).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  const release = async (): Promise<void> => {
    await gateway.stop();
    await rm(folder, { recursive: true });
  };
  return { url: gateway.url, apiKey: undefined, prefix, release };
}

/** A server outlives the suite: what the suite made there is deleted. */
async function sweep(wire: Wire, prefix: string): Promise<void> {
  const { collections } = await wire.result<{ collections: { name: string }[] }>('/collections');
  for (const { name } of collections.filter((one) => one.name.startsWith(prefix))) {
    await sweepSnapshots(wire, `/collections/${name}`);
    await wire.ask(`/collections/${name}`, { method: 'DELETE' });
  }
}
