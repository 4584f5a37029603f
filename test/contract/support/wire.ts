import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  contentType: string;
  contentDisposition: string | undefined;
  bytes: Buffer;
  /** The parsed body where it is JSON, else its text. */
  body: unknown;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  raw?: Buffer | string;
  /** Sent as the multipart field `snapshot`. */
  upload?: Buffer;
}

/** One client of a server: plain requests, without a library between the test and the wire. */
export class Wire {
  constructor(
    readonly base: string,
    private readonly apiKey?: string,
  ) {}

  async ask(path: string, asked: Asked = {}): Promise<Answer> {
    const { body, type } = await encode(asked);
    const headers = { ...(this.apiKey ? { 'api-key': this.apiKey } : {}), ...(type ? { 'content-type': type } : {}) };
    const method = asked.method ?? (body ? 'POST' : 'GET');
    const answer = await this.send(path, method, { ...headers, ...asked.headers }, body);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const contentType = answer.headers['content-type'] ?? '';
    return {
      status: answer.statusCode ?? 0,
      contentType,
      contentDisposition: answer.headers['content-disposition'],
      bytes,
      body: contentType.startsWith('application/json') ? (JSON.parse(bytes.toString()) as unknown) : bytes.toString(),
    };
  }

  /** The `result` of a call that must succeed. */
  async result<T>(path: string, asked: Asked = {}): Promise<T> {
    const answer = await this.ask(path, asked);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.bytes.toString()}`);
    return (answer.body as { result: T }).result;
  }

  /** The status and the error sentence of a call that must fail. */
  async failure(path: string, asked: Asked = {}): Promise<[number, string]> {
    const { status, body } = await this.ask(path, asked);
    const told = body as { status?: { error?: string }; time?: unknown };
    if (typeof told.status?.error !== 'string') throw new Error(`${path} answered ${status} without an error sentence`);
    expect(Object.keys(told).sort()).toEqual(['status', 'time']);
    expect(told.time).toEqual(expect.any(Number));
    return [status, told.status.error];
  }

  private send(
    path: string,
    method: string,
    headers: Record<string, string>,
    body?: Buffer | string,
  ): Promise<IncomingMessage> {
    const open = this.base.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
      const sent = open(`${this.base}${path}`, { method, headers: { ...headers, ...length } }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

async function encode({ json, raw, upload }: Asked): Promise<{ body?: Buffer | string; type?: string }> {
  if (upload) {
    const form = new FormData();
    form.set('snapshot', new Blob([new Uint8Array(upload)]), 'upload.snapshot');
    const packed = new Response(form);
    return { body: Buffer.from(await packed.arrayBuffer()), type: packed.headers.get('content-type') ?? '' };
  }
  if (raw !== undefined) return { body: raw, type: 'application/json' };
  return json === undefined ? {} : { body: JSON.stringify(json), type: 'application/json' };
}
