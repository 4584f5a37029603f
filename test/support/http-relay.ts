import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What to do with a request: nothing (it is passed on), pass it on later, lose the answer, cut it short, or answer oneself. */
export type Interference =
  | { kind: 'pass' }
  | { kind: 'delay'; milliseconds: number }
  | { kind: 'lose-answer' }
  | { kind: 'cut-after'; bytes: number }
  | { kind: 'answer'; status: number; body: unknown };

/** Stands between a client and a real server, to do to their exchange what a bad network does. */
export class HttpRelay {
  readonly seen: string[] = [];
  private readonly server: http.Server;

  constructor(
    private readonly upstream: string,
    private readonly decide: (method: string, path: string) => Interference,
  ) {
    this.server = http.createServer((request, response) => this.relay(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private relay(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = 'GET', url = '/' } = request;
    this.seen.push(`${method} ${url}`);
    const interference = this.decide(method, url);
    if (interference.kind === 'answer') {
      response.writeHead(interference.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(interference.body));
      return;
    }
    if (interference.kind === 'delay')
      setTimeout(() => this.passOn(request, response, interference), interference.milliseconds);
    else this.passOn(request, response, interference);
  }

  private passOn(request: http.IncomingMessage, response: http.ServerResponse, interference: Interference): void {
    const { method = 'GET', url = '/', headers } = request;
    const onward = http.request(new URL(url, this.upstream), { method, headers }, (answer) => {
      if (interference.kind === 'lose-answer') {
        answer.resume().once('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (interference.kind === 'cut-after') this.cutShort(answer, response, interference.bytes);
      else answer.pipe(response);
    });
    onward.once('error', () => request.socket.destroy());
    request.pipe(onward);
  }

  private cutShort(answer: http.IncomingMessage, response: http.ServerResponse, bytes: number): void {
    answer.once('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, bytes), () => response.destroy());
      answer.destroy();
    });
  }
}
