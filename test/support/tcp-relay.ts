import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a real server of any protocol, and breaks their connections when it is told to. */
export class TcpRelay {
  readonly #open = new Set<Socket>();
  readonly #server: Server;
  /** What the server may still say before the network fails; Infinity: it does not. */
  #leftBytes = Infinity;
  /** How often the network has failed. */
  cuts = 0;

  constructor(private readonly upstream: { host: string; port: number }) {
    this.#server = createServer((client) => this.#relay(client));
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#end();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Once the server has said so much, every connection is cut, and new ones are cut at once. */
  cutAfter(bytes: number): void {
    this.#leftBytes = bytes;
  }

  mend(): void {
    this.#leftBytes = Infinity;
  }

  #relay(client: Socket): void {
    if (this.#leftBytes <= 0) return void client.destroy();
    const server = connect(this.upstream);
    const end = () => [client, server].forEach((socket) => socket.destroy());
    for (const socket of [client, server]) {
      this.#open.add(socket);
      // An error is followed by the end.
      socket.on('error', () => undefined).on('close', () => (this.#open.delete(socket), end()));
    }
    client.on('data', (said) => server.write(said));
    server.on('data', (said) => this.#pass(client, said));
  }

  #pass(client: Socket, said: Buffer): void {
    client.write(said.subarray(0, Math.min(said.length, this.#leftBytes)));
    this.#leftBytes -= said.length;
    if (this.#leftBytes > 0) return;
    this.cuts += 1;
    this.#end();
  }

  #end(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
