import { attempted } from '../attempted';
import { COMPARABLE_NAMES, type ComparedSide } from '../../domain/compare';
import { HybridFlowError } from '../../domain/errors';
import { isVersionId, LATEST_COPY, STAGING } from '../../domain/version-id';
import type { CallControl } from '../../stores/ports';
import { ProductionSide } from './production';
import { SealedSide } from './sealed';
import { StagingSide } from './staging';
import type { CompareSources, Side } from './types';

/** True for what is read from the three stores themselves. */
export function isLive(name: string): boolean {
  return name === 'production' || name === STAGING;
}

/** Finds what the names stand for. Production is read once, be it asked for twice, or under what is staged. */
export class Sides {
  #production: ProductionSide | undefined;
  #token: string | undefined;

  constructor(
    private readonly sources: CompareSources,
    private readonly control: CallControl,
  ) {}

  /**
   * @throws HybridFlowError VERSION_UNKNOWN, VERSION_ARCHIVED where nothing of it is left, ARTIFACT_DAMAGED where its
   * manifest is missing or not its own
   */
  async open(name: string): Promise<Side> {
    if (name === 'production') return this.#live();
    if (name === STAGING) return new StagingSide(this.#live(), liveView(name));
    return this.#sealed(name, this.#versionOf(name));
  }

  /** True where production was switched to another version, or was about to, while it was read. */
  get moved(): boolean {
    return this.#token !== undefined && (this.#switchToken() !== this.#token || this.#token.endsWith('switching'));
  }

  async close(): Promise<void> {
    await this.#production?.close();
  }

  #live(): ProductionSide {
    const { live, contents, scratch } = this.sources;
    if (!live) throw new Error('the stores were not opened');
    this.#token ??= this.#switchToken();
    return (this.#production ??= new ProductionSide(live, contents, liveView('production'), this.control, scratch));
  }

  #switchToken(): string {
    const [newest] = this.sources.metadata.journal.list();
    return newest ? `${newest.id} ${newest.state}` : 'none';
  }

  #versionOf(name: string): string {
    if (name === 'baseline' || name === 'current') return this.#registered(name);
    if (name === LATEST_COPY || isVersionId(name)) return name;
    throw new HybridFlowError('VERSION_UNKNOWN', {
      found: `${JSON.stringify(name)} is neither a version id nor a name that stands for one`,
      expected: `a version id, or ${COMPARABLE_NAMES.join(', ')}`,
      next: 'list the versions with `hfv versions`',
    });
  }

  #registered(name: 'baseline' | 'current'): string {
    const { registry, journal } = this.sources.metadata;
    const current = name === 'current' ? journal.current()?.versionId : undefined;
    return current ?? registry.committedBaseline()?.versionId ?? noneYet(name);
  }

  async #sealed(name: string, folder: string): Promise<Side> {
    const { artifacts, archive } = this.sources;
    for (const folders of [artifacts, archive]) {
      const manifest = (await folders.exists(folder)) ? await folders.readManifest(folder) : undefined;
      if (!manifest) continue;
      const { versionId, createdAt } = manifest;
      // latest-copy's manifest names the version that it is a copy of.
      if (versionId !== folder && folder !== LATEST_COPY) throw notItsOwn(folders.pathOf(folder), versionId, folder);
      const kind = folder === LATEST_COPY ? folder : folders === archive ? 'archived version' : 'version';
      const view = { name, kind, versionId: kind === LATEST_COPY ? null : versionId, at: createdAt } as const;
      return new SealedSide(this.sources, folders, folder, manifest, view, this.control);
    }
    throw this.#missing(folder);
  }

  /** The registry knows what should be there; where it cannot be asked, the folders are all there is. */
  #missing(version: string): HybridFlowError {
    const rows = attempted(() => this.sources.metadata.registry.list()) ?? [];
    const row = rows.find(({ versionId }) => versionId === version);
    const path = this.sources.artifacts.pathOf(version);
    if (row?.status === 'archived') {
      return new HybridFlowError('VERSION_ARCHIVED', {
        found: `${version} is archived, and nothing is kept of it any more`,
        expected: 'a version whose manifest is kept',
        next: 'list the versions with `hfv versions`',
      });
    }
    if (row?.status === 'committed') {
      return new HybridFlowError('ARTIFACT_DAMAGED', {
        found: `${path} has no manifest, and the registry lists ${version} as committed`,
        expected: 'a sealed version',
        next: `look at it with \`hfv verify ${version}\``,
      });
    }
    const known = rows.filter(({ status }) => status === 'committed').map(({ versionId }) => versionId);
    return new HybridFlowError('VERSION_UNKNOWN', {
      found: row ? `${version} is ${row.status}: it was never sealed` : `there is no version in ${path}`,
      expected: known.length > 0 ? `one of ${known.slice(-5).join(', ')}` : `a version id, or ${LATEST_COPY}`,
      next: row ? 'compare `staging` with `production` while it is built' : 'list the versions with `hfv versions`',
    });
  }
}

function liveView(name: 'production' | 'staging'): ComparedSide {
  return { name, kind: name, versionId: null, at: new Date().toISOString() };
}

function noneYet(name: string): never {
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `there is no ${name} version: no baseline is committed`,
    next: 'register one with `hfv migrate`',
  });
}

function notItsOwn(path: string, found: string, folder: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path}: its manifest is that of ${found}`,
    expected: `the manifest of ${folder}`,
    next: 'do not use this copy; `hfv verify` tells which copies are sound',
  });
}
