import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { VERSIONING_TABLES } from '../../domain/registry-schema';
import { listText } from '../../stores/fingerprint-text';
import { EXPORT_FORMAT, noCounts } from '../../stores/neo4j/export-format';
import { fingerprintExport } from '../../stores/neo4j/fingerprint';
import { openMetadataStore } from '../../stores/sqlite';

// The script knows nothing of this program but its documentation: what both compute the same is what is written there.
const SCRIPTS = join(__dirname, '..', '..', 'scripts');
const SEED = Number(process.env.CORPUS_SEED ?? 7);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-script-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The lists that the script makes of the files, as text. */
function byScript(compute: 'sqlite_groups' | 'neo4j_groups', files: readonly string[]): string[] {
  const program = `import json, sys; from pathlib import Path; sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(SCRIPTS)}); import verify_version as v
print(json.dumps([v.text_of(v.${compute}(Path(file))) for file in sys.argv[1:]]))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', program, ...files], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string[];
}

const LABELS = ['Textbook', 'v1_baseline', 'v2_minor', 'v3_minors', 'staging', 'odd ,"p":{'];
const KINDS = ['Chapter', 'Section', 'Paragraph'];
const TYPES = ['CONTAINS', 'HAS_SECTION', 'HAS_SUBSECTION', 'HAS_SUBSUBSECTION', 'HAS_PARAGRAPH', 'NEXT'];
const id = fc.oneof(fc.constantFrom('a', 'b', 'é', '', 'x\ny'), fc.integer({ min: -5, max: 5 }), fc.constant(0.5));
const node = fc.record({
  labels: fc
    .tuple(fc.constantFrom(...KINDS), fc.uniqueArray(fc.constantFrom(...LABELS, ...KINDS), { maxLength: 1 }))
    .map(([kind, more]) => [...new Set([kind, ...more])]),
  p: fc.record(
    { '10': fc.constant(1), '9': fc.string(), id, 'ä "': fc.string({ unit: 'grapheme' }) },
    { requiredKeys: [] },
  ),
});
const link = (nodes: number) =>
  fc.record({ y: fc.constantFrom(...TYPES), s: fc.nat(nodes - 1), e: fc.nat(nodes - 1), w: fc.boolean() });
const graphs = fc
  .array(node, { minLength: 4, maxLength: 12 })
  .chain((nodes) =>
    fc.record({ nodes: fc.constant(nodes), links: fc.array(link(nodes.length), { minLength: 10, maxLength: 60 }) }),
  );

/** An export as the server would have given it, of a graph that no server holds. */
function exportOf({
  nodes,
  links,
}: {
  nodes: { labels: string[]; p: object }[];
  links: { y: string; s: number; e: number; w: boolean }[];
}) {
  const text = (p: object) =>
    `{${Object.keys(p)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${JSON.stringify(p[key as never])}`)
      .join(',')}}`;
  const lines = [
    JSON.stringify({ t: 'header', format: EXPORT_FORMAT, serverVersion: '5', edition: 'community' }),
    JSON.stringify({ t: 'c', name: 'c', ddl: 'CREATE CONSTRAINT c' }),
    ...['own', 'constraint', 'lookup'].map((kind) =>
      JSON.stringify({ t: 'x', name: kind, ddl: `CREATE INDEX ${kind}`, kind }),
    ),
    ...nodes.map(({ labels, p }, i) => `{"t":"n","id":${i * 7},"l":${JSON.stringify(labels.sort())},"p":${text(p)}}`),
    ...links.map(({ y, s, e, w }) => `{"t":"r","y":"${y}","s":${s * 7},"e":${e * 7},"p":${w ? '{"w":1.5}' : '{}'}}`),
  ];
  const body = lines.map((line) => `${line}\n`).join('');
  const paragraphs = nodes.filter(({ labels }) => labels.includes('Paragraph')).length;
  const counts = {
    ...noCounts(),
    nodes: nodes.length,
    relationships: links.length,
    constraints: 1,
    indexes: 3,
    paragraphs,
  };
  const sha256 = createHash('sha256').update(body).digest('hex');
  return gzipSync(`${body}${JSON.stringify({ t: 'end', counts, sha256 })}\n`);
}

test('the script and the program agree about graphs of any shape', async () => {
  const files = fc.sample(graphs, { numRuns: 300, seed: SEED }).map((graph, i) => {
    const file = join(folder, `${i}.gz`);
    writeFileSync(file, exportOf(graph));
    return file;
  });
  const found: GroupFingerprint[][] = [];
  for (const file of files) found.push(await fingerprintExport(file));
  expect(byScript('neo4j_groups', files)).toEqual(found.map(listText));
  // They were graphs worth comparing.
  const names = found.flatMap((groups) => groups.map(({ group }) => group));
  for (const name of ['(no chapter)', '(relationships)', 'é', 'x\\ny']) expect(names).toContain(name);
});

test('and about tables with values of every kind', () => {
  const file = join(folder, 'metadata.db');
  const db = new Database(file);
  db.exec(`CREATE TABLE chapter_metadata (title, textbook_id, chapter_number);
    INSERT INTO chapter_metadata VALUES ('a', 'é', 1), ('b', 'é', 'ch2'), ('c', NULL, '3'), ('d', 'back\\slash', '4');
    CREATE TABLE "odd ""table"" ä" ("b ""c" , a, n AS (a + 1));
    INSERT INTO "odd ""table"" ä" VALUES (NULL, 1), (1.0, 9223372036854775807), (x'00ff', -1e-300), ('', CAST(x'ff' AS TEXT)),
      ('a' || char(0) || 'b', 0.1), (1e999, 1e22);
    CREATE INDEX i ON chapter_metadata (title); CREATE VIEW v AS SELECT 1;
    CREATE TABLE chapter_metadata_staging (version_id);
    ${VERSIONING_TABLES.map(({ create }) => create).join(';')};
    INSERT INTO version_registry (version_id, status) VALUES ('v1', 'pending');
    INSERT INTO version_pins VALUES ('v1', 'why', 'ann', '2026-01-01 00:00:00');
    CREATE INDEX r ON version_registry (version_id)`);
  db.close();
  expect(byScript('sqlite_groups', [file])).toEqual([listText(openMetadataStore(file).fingerprint())]);
});
