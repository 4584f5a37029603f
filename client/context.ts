import { join, resolve } from 'node:path';
import { loadSettings, neo4jPassword } from '../config/load';
import type { Settings } from '../config/schema';
import { environmentWith, type GlobalFlags } from './flags';
import { Output, type Stream } from './output';
import { connectTemporal, type Session } from './temporal';

/** What the world looks like to the command line; a test hands in its own. */
export interface World {
  stdout: Stream;
  stderr: Stream;
  env: NodeJS.ProcessEnv;
  cwd: string;
  connect?: (settings: Settings, env: NodeJS.ProcessEnv) => Promise<Session>;
}

/** What a command works with: where to print, what is configured, how to reach Temporal. */
export class Context {
  readonly out: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the local stack, absolute. */
  readonly stackRoot: string;
  #settings: Settings | undefined;

  constructor(
    private readonly world: World,
    flags: GlobalFlags,
    /** Whether `--stack` was given, and not just left at its default. */
    stackGiven: boolean,
  ) {
    this.out = new Output(world.stdout, world.stderr, { json: flags.json, env: world.env });
    this.stackRoot = resolve(world.cwd, flags.stack ?? '.stack');
    this.env = environmentWith(flags, world.env);
    if (stackGiven) this.env.HYBRIDFLOW_STACK_ENV = join(this.stackRoot, 'env');
  }

  /** A path that somebody has given, from the folder in which they are. */
  pathOf(given: string): string {
    return resolve(this.world.cwd, given);
  }

  /**
   * The settings, read once; `reload` after something (the stack's start) has changed what they are read from.
   *
   * @throws HybridFlowError CONFIG_INVALID
   */
  settings({ reload = false } = {}): Settings {
    if (reload) this.#settings = undefined;
    return (this.#settings ??= loadSettings({ env: this.env, cwd: this.world.cwd }));
  }

  /** Runs `work` with a connection to Temporal, which is closed whatever happens. */
  async withTemporal<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const connect = this.world.connect ?? connectTemporal;
    const session = await connect(this.settings(), this.env);
    try {
      return await work(session);
    } catch (error) {
      throw session.explain(error);
    } finally {
      await session.close();
    }
  }

  /** Texts that must never be printed. */
  secrets(): string[] {
    const found = [this.env.NEO4J_PASSWORD, this.env.QDRANT_API_KEY, this.env.TEMPORAL_API_KEY];
    try {
      const settings = this.settings();
      found.push(settings.qdrant.apiKey, neo4jPassword(settings));
    } catch {
      // What cannot be read cannot be printed either.
    }
    return found.filter((secret): secret is string => secret !== undefined && secret !== '');
  }
}
