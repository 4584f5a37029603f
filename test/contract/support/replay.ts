import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from './shape';
import type { Target } from './target';
import type { Answer, Wire } from './wire';

/** One call and its answer as recorded from a Qdrant server; `{name}` stands for what differs between runs. */
export interface Exchange {
  name: string;
  request: { method: string; path: string; body?: unknown; upload?: 'snapshot' | 'garbage' };
  response: {
    status: number;
    contentType: string;
    body?: unknown;
    download?: { contentDisposition: string };
  };
}

const FOLDER = join(__dirname, '../exchanges');

/** All recorded exchanges, in the order in which they were made. */
export function recordedExchanges(): Exchange[] {
  const files = readdirSync(FOLDER).sort();
  return files.flatMap((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Exchange[]);
}

/** Snapshots outlive their collection, and then no call reaches them any more: they go first. */
export async function sweepSnapshots(wire: Wire, collection: string): Promise<void> {
  const { status, body } = await wire.ask(`${collection}/snapshots`);
  if (status !== 200) return;
  for (const { name } of (body as { result: { name: string }[] }).result) {
    await wire.result(`${collection}/snapshots/${name}?wait=true`, { method: 'DELETE' });
  }
}

/** Replays exchanges one after another, and carries the names that arise on the way from one to the next. */
export class Replay {
  private readonly known: Record<string, string>;
  private snapshot: Buffer = Buffer.alloc(0);

  constructor(
    private readonly target: Target,
    private readonly wire: Wire,
  ) {
    const names = ['c1', 'c2', 'c3', 'c4', 'nope', 'live', 'x'];
    this.known = Object.fromEntries(names.map((name) => [name, `${target.prefix}${name}`]));
    this.known.base = target.url;
  }

  /** Make the call; returns what differs from the record. */
  async play({ request, response }: Exchange): Promise<string[]> {
    const upload = request.upload && (request.upload === 'snapshot' ? this.snapshot : Buffer.from('not a snapshot'));
    const { path, body } = this.fill({ path: request.path, body: request.body });
    if (request.method === 'DELETE' && /^\/collections\/[^/]+$/.test(path)) await sweepSnapshots(this.wire, path);
    const answer = await this.wire.ask(path, { method: request.method, json: body, upload });
    this.learn(request.path, answer);
    const wanted = this.fill(response);
    const found = [
      ...differences(wanted.status, answer.status, 'status'),
      ...differences(wanted.contentType, answer.contentType, 'content type'),
    ];
    if (!wanted.download) return [...found, ...differences(wanted.body, this.ours(request.path, answer.body))];
    this.snapshot = answer.bytes;
    return [...found, ...differences(wanted.download.contentDisposition, answer.contentDisposition, 'disposition')];
  }

  private learn(path: string, answer: Answer): void {
    if (!path.endsWith('/snapshots?wait=true') || answer.status !== 200) return;
    const { name, checksum } = (answer.body as { result: { name: string; checksum: string } }).result;
    Object.assign(this.known, { snapshot: name, checksum });
  }

  private fill<T>(value: T): T {
    const text = JSON.stringify(value).replace(/\{([a-z]\w*)\}/g, (whole, name: string) => this.known[name] ?? whole);
    return JSON.parse(text) as T;
  }

  /** Lists that span the whole server show only what this run made: others may use it too. */
  private ours(path: string, body: unknown): unknown {
    const list = path === '/collections' ? 'collections' : path === '/aliases' ? 'aliases' : undefined;
    if (!list) return body;
    const told = body as { result: Record<string, Record<string, string>[]> };
    const kept = (told.result[list] ?? []).filter((entry) =>
      (entry.name ?? entry.alias_name ?? '').startsWith(this.target.prefix),
    );
    return { ...told, result: { ...told.result, [list]: kept } };
  }
}
