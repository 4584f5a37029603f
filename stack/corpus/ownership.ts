import { hash32 } from '../../domain/feature-hashing';
import { eachHeldNode, removeNodes } from '../../stores/neo4j/bulk-load';
import { heldPoints, removePoints } from '../../stores/qdrant/bulk-load';
import { heldMetadata, type HeldRow, removeMetadata } from '../../stores/sqlite/bulk-load';
import { chapters } from './chapters';
import type { Targets } from './found';
import type { CorpusPlan } from './plan';
import { graph, metadataRow, pointId } from './rows';

/** Of what the stores hold: the seeder's own things, found by id AND text, and how many others there are. */
export interface Ownership {
  own: { sqlite: HeldRow['handle'][]; qdrant: string[]; neo4j: string[] };
  /** Things that the seeder did not make, in words, with an example each. */
  foreign: string[];
}

/**
 * Sorts everything in the stores into what the plan's corpus contains, to the letter, and the rest. Ids alone would
 * prove nothing: a real knowledge base of the same textbooks has the same ids, but never the same texts.
 */
export async function sortHoldings(targets: Targets, plan: CorpusPlan): Promise<Ownership> {
  const expected = expectedThings(plan);
  const sqlite = new Sorter<HeldRow['handle']>(expected);
  heldMetadata(targets.metadataDb).forEach((row) => sqlite.add(row));
  const qdrant = new Sorter<string>(expected);
  for await (const page of heldPoints(targets.qdrant)) page.forEach((point) => qdrant.add(point));
  const neo4j = new Sorter<string>(expected);
  await eachHeldNode(targets.neo4j, (node) => neo4j.add(node));
  return {
    own: { sqlite: sqlite.own, qdrant: qdrant.own, neo4j: neo4j.own },
    foreign: [
      ...sqlite.foreign('row', 'metadata.db'),
      ...qdrant.foreign('point', 'Qdrant'),
      ...neo4j.foreign('node', 'Neo4j'),
    ],
  };
}

/** Deletes what is the seeder's own and says, in words, what is still there. */
export async function removeOwn(targets: Targets, { own, foreign }: Ownership): Promise<string[]> {
  await removeNodes(targets.neo4j, own.neo4j);
  await removePoints(targets.qdrant, own.qdrant);
  const tables = removeMetadata(targets.metadataDb, own.sqlite);
  return [...foreign, ...tables.map((table) => `table ${table} in metadata.db`)];
}

class Sorter<Handle> {
  readonly own: Handle[] = [];
  private others = 0;
  private example = '';

  constructor(private readonly expected: ReadonlyMap<string, number>) {}

  add({ handle, key, mark }: { handle: Handle; key: string; mark: string }): void {
    if (this.expected.get(key) === hash32(mark)) this.own.push(handle);
    else {
      if (this.others === 0) this.example = key;
      this.others += 1;
    }
  }

  foreign(what: string, where: string): string[] {
    if (this.others === 0) return [];
    return [
      `${this.others} ${what}${this.others === 1 ? '' : 's'} in ${where} of another origin, e.g. ${this.example}`,
    ];
  }
}

/** Key of each thing that the corpus contains -> hash of its text. A hash keeps it to a few megabytes. */
function expectedThings(plan: CorpusPlan): Map<string, number> {
  const things = new Map<string, number>();
  for (const { id, title } of plan.textbooks) things.set(`Textbook/${id}`, hash32(title));
  let nth = 0;
  for (const chapter of chapters(plan)) {
    const row = metadataRow(chapter, nth++);
    things.set(`chapter_metadata/${chapter.id}`, hash32(row.contentHash));
    things.set(`ingestion_log/${chapter.id}`, hash32(row.logMessage));
    const { properties, divisions, paragraphs, artifacts } = graph(chapter);
    things.set(`Chapter/${properties.id}`, hash32(properties.title));
    for (const division of divisions)
      things.set(`${division.kind}/${division.properties.id}`, hash32(division.properties.title));
    for (const artifact of artifacts)
      things.set(`${artifact.kind}/${artifact.properties.id}`, hash32(artifact.properties.caption));
    for (const { properties: paragraph } of paragraphs) {
      const text = hash32(paragraph.text);
      things.set(`Paragraph/${paragraph.chunk_id}`, text);
      things.set(pointId(paragraph.chunk_id), text);
    }
  }
  return things;
}
