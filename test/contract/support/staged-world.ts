import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { partOf } from '../../../domain/chapter-digest';
import type { GroupFingerprint } from '../../../domain/fingerprint';
import { openGraphStore } from '../../../stores/neo4j';
import { switchStaged } from '../../../stores/neo4j/switch';
import type { CallControl, GraphChecks, GraphStore, GraphSwitched } from '../../../stores/ports';
import { neo4jTarget } from '../../support/store-targets';
import { TEST_LABEL, TestGraph } from '../../support/test-graph';
import { rowsOf, writeRows, type Book } from './books';

export const TOKEN = 'the switch';

/** A database with production's constraints, and what is staged beside it. */
export class StagedWorld {
  private constructor(
    readonly store: GraphStore,
    readonly graph: TestGraph,
  ) {}

  static async make(): Promise<StagedWorld> {
    const target = await neo4jTarget();
    const world = new StagedWorld(openGraphStore(target), new TestGraph(target));
    await world.sweep();
    await world.graph.clear();
    for (const place of ['Textbook.id', 'Chapter.id', 'Paragraph.chunk_id']) {
      const [label, property] = place.split('.');
      await world.graph.rows(`CREATE CONSTRAINT hfv_test_${label} FOR (n:${label}) REQUIRE n.${property} IS UNIQUE`);
    }
    return world;
  }

  /** Empties it, writes production and opens the fence. */
  async produce(book: Book): Promise<void> {
    await this.sweep();
    await this.graph.clearNodes();
    await writeRows(this.graph, rowsOf(book), false);
    await this.store.acquireFence(TOKEN, { notAfter: Date.now() + 600_000 });
  }

  stage(book: Book): Promise<void> {
    return writeRows(this.graph, rowsOf(book), true);
  }

  switch(removed: readonly string[] = []): Promise<GraphSwitched> {
    return this.store.switchStaged({ token: TOKEN, removed });
  }

  /** As a switch too large for one transaction: each chapter has its own. */
  switchOneByOne(removed: readonly string[] = [], control?: CallControl): Promise<GraphSwitched> {
    return switchStaged(this.graph.connection, { token: TOKEN, removed }, control, 0);
  }

  /** What production is, by all groups that can be foretold of a staged chapter. */
  async groups(): Promise<Map<string, GroupFingerprint>> {
    const folder = await mkdtemp(path.join(tmpdir(), 'staged-world-'));
    try {
      const file = path.join(folder, 'neo4j.jsonl.gz');
      const { fingerprint } = await this.store.exportTo(file);
      const all = [...(fingerprint ?? []), ...(await this.store.digestChapters(file))];
      return new Map(all.map((group) => [group.group, group]));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** What was staged carries no label by which a test's own nodes are known. */
  async sweep(): Promise<void> {
    await this.store.removeStaging(1_000);
    await this.graph.rows(`MATCH (n:Staged${TEST_LABEL}) DETACH DELETE n`);
  }

  async close(): Promise<void> {
    await this.sweep();
    await this.graph.clear().finally(() => Promise.all([this.graph.close(), this.store.close()]));
  }
}

/** Everything that the checks answer; samples and their words in an order that does not depend on how they were found. */
export async function answersOf(checks: GraphChecks): Promise<Record<string, unknown>> {
  const chunkIds: string[] = [];
  const unnamed: string[] = [];
  for await (const page of checks.chunks()) {
    chunkIds.push(...page.chunkIds);
    unnamed.push(...page.unnamed);
  }
  const inOrder = (sample: string) => sample.split(/[ ,]+/).sort().join(' ');
  const sorted = <T extends { samples: string[] }>(found: T): T => ({
    ...found,
    samples: found.samples.map(inOrder).sort(),
  });
  return {
    paragraphs: await checks.paragraphs(),
    chunkIds: chunkIds.sort(),
    unnamed: unnamed.length,
    orphans: sorted(await checks.orphans()),
    brokenChains: sorted(await checks.brokenChains()),
    invalidCrossReferences: sorted(await checks.invalidCrossReferences()),
  };
}

/** Of what is said of staged chapters, what production is to be exactly: not which relationships lead to others. */
export function foretoldOf(groups: readonly GroupFingerprint[]): GroupFingerprint[] {
  return groups.filter(({ group }) => partOf(group)?.part !== 'across');
}
