import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HybridFlowError } from '../../domain/errors';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { FENCE_LABEL, STAGING_NAMES } from '../../domain/names';
import { writeNewFile } from '../new-file';
import type { CallControl, CapturedFile } from '../ports';
import type { GraphConnection } from './driver';
import { EXPORT_FORMAT, noCounts, type ConstraintLine, type ExportCounts, type IndexLine } from './export-format';
import { encodeValue, type Json } from './export-values';
import { GraphFingerprint } from './graph-fingerprint';
import { IdSet } from './id-set';
import { readServer, type ServerInfo } from './inventory';
import { nodePages, relationshipPages } from './pages';

/** Level 1 is within a few per cent of level 6 on text like this, and the reader stays the slower side. */
const GZIP_LEVEL = 1;
const BLOCK_CHARACTERS = 64 * 1024;
/** What one pass over the graph gathers on its way. */
interface Gathered {
  counts: ExportCounts;
  fingerprint: GraphFingerprint;
}

/**
 * Writes the whole graph, without the fence and what is being staged, to a file that must not exist yet, and takes its
 * fingerprint in the same pass. A failure leaves no file.
 */
export async function exportGraph(
  connection: GraphConnection,
  file: string,
  control: CallControl = {},
): Promise<Omit<CapturedFile, 'bytes' | 'sha256'> & { fingerprint: GroupFingerprint[] }> {
  const capturedFrom = new Date().toISOString();
  const server = await readServer(connection);
  const gathered: Gathered = { counts: noCounts(), fingerprint: new GraphFingerprint() };
  const { counts } = gathered;
  const blocks = sealed(inBlocks(lines(connection, server, gathered), counts, control), counts);
  try {
    await writeNewFile(file, (sink) =>
      pipeline(Readable.from(blocks, { highWaterMark: 2 }), createGzip({ level: GZIP_LEVEL }), sink, {
        signal: control.signal,
      }),
    );
  } catch (error) {
    throw control.signal?.aborted ? control.signal.reason : error;
  }
  const capturedTo = new Date().toISOString();
  const fingerprint = gathered.fingerprint.groups();
  return { counts: { ...counts }, serverVersion: server.serverVersion, capturedFrom, capturedTo, fingerprint };
}

/** Takes the fingerprint of the graph as it stands, by the same pass with nothing written. */
export async function fingerprintGraph(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
): Promise<GroupFingerprint[]> {
  const gathered: Gathered = { counts: noCounts(), fingerprint: new GraphFingerprint() };
  const { counts, fingerprint } = gathered;
  // Leaving the loop early ends the read transaction.
  for await (const page of pass(connection, gathered, UNWRITTEN)) {
    signal?.throwIfAborted();
    if (page.length > 0) onProgress?.(counts.nodes + counts.relationships);
  }
  return fingerprint.groups();
}

/** How the pass puts down what it comes by. */
interface Form {
  rule(line: ConstraintLine | IndexLine): string;
  node(id: number, labels: readonly string[], properties: string): string;
  relationship(type: string, start: number, end: number, properties: string): string;
}

const LINES: Form = {
  rule: (line) => JSON.stringify(line),
  node: (id, labels, properties) => `{"t":"n","id":${id},"l":${JSON.stringify(labels)},"p":${properties}}`,
  relationship: (type, start, end, properties) =>
    `{"t":"r","y":${JSON.stringify(type)},"s":${start},"e":${end},"p":${properties}}`,
};
const UNWRITTEN: Form = { rule: () => '', node: () => '', relationship: () => '' };

/** Lines without their line feeds, one or several at a time. */
async function* lines(connection: GraphConnection, server: ServerInfo, gathered: Gathered): AsyncGenerator<string> {
  yield JSON.stringify({ t: 'header', format: EXPORT_FORMAT, ...server });
  for await (const page of pass(connection, gathered, LINES)) {
    // A page may hold nothing but what is left out.
    if (page.length > 0) yield page.join('\n');
  }
}

/** Everything that is part of the content, page by page: gathered, and in the given form. */
async function* pass(
  connection: GraphConnection,
  { counts, fingerprint }: Gathered,
  form: Form,
): AsyncGenerator<string[]> {
  yield* rules(connection, { counts, fingerprint }, form);
  const exported = new IdSet();
  const leftOut = new IdSet();
  for await (const page of nodePages(connection)) {
    const put: string[] = [];
    for (const [id, labels, properties] of page) {
      const number = id.toNumber();
      if (labels.includes(FENCE_LABEL) || labels.includes(STAGING_NAMES.label)) {
        leftOut.add(number);
        continue;
      }
      exported.add(number);
      counts.nodes += 1;
      if (labels.includes('Paragraph')) counts.paragraphs += 1;
      const [encoded, key] = encodeProperties(properties);
      fingerprint.node(number, labels.sort(), encoded, key);
      put.push(form.node(number, labels, encoded));
    }
    yield put;
  }
  for await (const page of relationshipPages(connection)) {
    const put: string[] = [];
    for (const [, type, start, end, properties] of page) {
      const [s, e] = [start.toNumber(), end.toNumber()];
      if (leftOut.has(s) || leftOut.has(e)) continue;
      if (!exported.has(s) || !exported.has(e)) throw changedMeanwhile();
      counts.relationships += 1;
      const [encoded] = encodeProperties(properties);
      fingerprint.relationship(type, s, e, encoded);
      put.push(form.relationship(type, s, e, encoded));
    }
    yield put;
  }
}

async function* rules(
  connection: GraphConnection,
  { counts, fingerprint }: Gathered,
  form: Form,
): AsyncGenerator<string[]> {
  const show = (what: string, more: string) =>
    connection.run(`SHOW ${what} YIELD name, createStatement${more} RETURN * ORDER BY name`);
  for (const row of await show('CONSTRAINTS', '')) {
    const line: ConstraintLine = { t: 'c', name: String(row.get('name')), ddl: String(row.get('createStatement')) };
    counts.constraints += 1;
    fingerprint.schema('constraint', line.ddl);
    yield [form.rule(line)];
  }
  for (const row of await show('INDEXES', ', type, owningConstraint')) {
    const kind = row.get('type') === 'LOOKUP' ? 'lookup' : row.get('owningConstraint') == null ? 'own' : 'constraint';
    const line: IndexLine = { t: 'x', name: String(row.get('name')), ddl: String(row.get('createStatement')), kind };
    counts.indexes += 1;
    if (kind === 'own') fingerprint.schema('index', line.ddl);
    yield [form.rule(line)];
  }
}

/** The text, with keys in order since the server hands them out in the order of their storage, and the property `id`. */
export function encodeProperties(properties: object): [text: string, id: Json | undefined] {
  let id: Json | undefined;
  let text = '{';
  for (const key of Object.keys(properties).sort()) {
    const value = encodeValue((properties as Record<string, unknown>)[key]);
    if (key === 'id') id = value;
    text += `${text === '{' ? '' : ','}${quotedKey(key)}:${JSON.stringify(value)}`;
  }
  return [`${text}}`, id];
}

/** A graph has few keys, and each on thousands of nodes. */
const QUOTED = new Map<string, string>();
const MOST_QUOTED = 10_000;

function quotedKey(key: string): string {
  const known = QUOTED.get(key);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(key);
  if (QUOTED.size < MOST_QUOTED) QUOTED.set(key, quoted);
  return quoted;
}

/** Gathers lines into blocks: what runs once a block need not run 200,000 times. */
async function* inBlocks(
  source: AsyncGenerator<string>,
  counts: ExportCounts,
  { onProgress, signal }: CallControl,
): AsyncGenerator<string> {
  let block = '';
  for await (const line of source) {
    block += `${line}\n`;
    if (block.length < BLOCK_CHARACTERS) continue;
    signal?.throwIfAborted();
    onProgress?.(counts.nodes + counts.relationships);
    yield block;
    block = '';
  }
  onProgress?.(counts.nodes + counts.relationships);
  yield block;
}

/** Appends the footer, so that a file cut short, even at the end of a line, is known as such. */
async function* sealed(blocks: AsyncGenerator<string>, counts: ExportCounts): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const block of blocks) {
    const bytes = Buffer.from(block);
    hash.update(bytes);
    yield bytes;
  }
  yield Buffer.from(`${JSON.stringify({ t: 'end', counts, sha256: hash.digest('hex') })}\n`);
}

function changedMeanwhile(): HybridFlowError {
  return new HybridFlowError('ARTIFACT_WRITE_FAILED', {
    found: 'the graph was written to while it was read: a relationship leads to a node that was not there',
    expected: 'no other writer meanwhile',
    next: 'stop the other writer; the step is then repeated',
  });
}
