import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { TestBase } from './base';

const LIMIT = 1_000;
/** Some hundred readings a switch, and time left for what is read. */
const PACE_MS = 10;

/** Which points a reader gets by a name, with their payloads, as one short text. */
export async function pointsBy(base: TestBase, name: string): Promise<string> {
  const { points } = await base.qdrant<{ points: { id: string }[] }>('POST', `/collections/${name}/points/scroll`, {
    ...{ limit: LIMIT, with_payload: true },
  });
  const hash = createHash('sha256');
  for (const point of points.map((one) => JSON.stringify(one)).sort()) hash.update(point).update('\n');
  return `${points.length}:${hash.digest('hex').slice(0, 12)}`;
}

/** How a reader gets to the name that it reads by, each time anew. */
export type Naming = () => string | Promise<string>;

/** As HybridFlow's readers: the alias `<collection>_latest` where there is one, else the plain name. */
export function latestFirst(base: TestBase): Naming {
  const plain = base.settings.qdrant.collection;
  return async () => {
    const { aliases } = await base.qdrant<{ aliases: { alias_name: string }[] }>('GET', '/aliases');
    return aliases.some(({ alias_name }) => alias_name === `${plain}_latest`) ? `${plain}_latest` : plain;
  };
}

/** Reads all points again and again, until it is stopped, and keeps what was different about them. */
export class SteadyReader {
  /** In the order in which they were first met. */
  readonly seen: string[] = [];
  readonly failures: string[] = [];
  reads = 0;
  #over = false;
  readonly #reading: Promise<void>;

  constructor(
    private readonly base: TestBase,
    private readonly naming: Naming,
  ) {
    this.#reading = this.#read();
  }

  async stop(): Promise<this> {
    this.#over = true;
    await this.#reading;
    return this;
  }

  async #read(): Promise<void> {
    do {
      await pointsBy(this.base, await this.naming()).then(
        (points) => void (this.seen.at(-1) !== points && this.seen.push(points)),
        (error: unknown) => void this.failures.push(String(error)),
      );
      this.reads += 1;
      await setTimeout(PACE_MS);
    } while (!this.#over);
  }
}
