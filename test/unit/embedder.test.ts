import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { embedText } from '../../domain/feature-hashing';
import { openEmbedder, type EmbedderTarget } from '../../stores/embedder';
import { failureOf } from '../support/errors';

const KEY = 'sk-very-secret';

interface Asked {
  path: string;
  authorization: string | undefined;
  body: { model: string; input: string[] };
}

let server: http.Server;
let url: string;
let asked: Asked[];
let respond: (input: string[], response: http.ServerResponse) => void;

beforeEach(async () => {
  asked = [];
  respond = (input, response) => response.end(vectorsFor(input));
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Asked['body'];
      asked.push({ path: request.url ?? '', authorization: request.headers.authorization, body });
      respond(body.input, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The vector of a text tells which text it was. */
const vector = (text: string, dimension = 3) =>
  Array.from({ length: dimension }, (_, i) => (i === 0 ? text.length : 1));
const vectorsFor = (input: string[], dimension?: number) =>
  JSON.stringify({ data: input.map((text, index) => ({ index, embedding: vector(text, dimension) })), model: 'm' });
const open = (given: Partial<EmbedderTarget> = {}) =>
  openEmbedder({ kind: 'openai', url: `${url}/v1`, model: 'nomic', timeoutSeconds: 10, ...given });
const failure = async (given: Partial<EmbedderTarget> = {}, signal?: AbortSignal) => {
  const error = await failureOf(open(given).embed(['lung'], 3, signal));
  const told = JSON.stringify({ ...error.facts, message: error.message, stack: error.stack, cause: error.cause });
  expect(told).not.toContain(KEY);
  return error;
};

describe('an OpenAI-compatible embedder', () => {
  it('is asked as the interface has it, and answers a vector a text', async () => {
    const embedder = open({ apiKey: KEY });
    expect(await embedder.embed(['lung', 'a'], 3)).toEqual([vector('lung'), vector('a')]);
    const body = { model: 'nomic', input: ['lung', 'a'] };
    expect(asked).toEqual([{ path: '/v1/embeddings', authorization: `Bearer ${KEY}`, body }]);
    expect(embedder.name).toBe('openai nomic');
  });

  it('needs no key, and takes its address with or without a slash, and with a query', async () => {
    await open().embed(['a'], 3);
    await open({ url: `${url}/v1/` }).embed(['a'], 3);
    await open({ url: `${url}/deployed?api-version=2` }).embed(['a'], 3);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/embeddings',
      '/v1/embeddings',
      '/deployed/embeddings?api-version=2',
    ]);
    expect(asked[0]?.authorization).toBeUndefined();
  });

  it('may answer in another order, and without one', async () => {
    respond = (input, response) => {
      const data = input.map((text, index) => ({ index, embedding: vector(text) })).reverse();
      response.end(JSON.stringify({ data }));
    };
    expect(await open().embed(['a', 'bb', 'ccc'], 3)).toEqual(['a', 'bb', 'ccc'].map((text) => vector(text)));
    respond = (input, response) =>
      response.end(JSON.stringify({ data: input.map((text) => ({ embedding: vector(text) })) }));
    expect(await open().embed(['a', 'bb'], 3)).toEqual(['a', 'bb'].map((text) => vector(text)));
  });

  it('is asked for many texts in several calls', async () => {
    const texts = Array.from({ length: 70 }, (_, i) => 'x'.repeat(i + 1));
    expect(await open().embed(texts, 3)).toEqual(texts.map((text) => vector(text)));
    expect(asked.map(({ body }) => body.input.length)).toEqual([32, 32, 6]);
  });

  it.each<[string, (input: string[]) => string, RegExp]>([
    ['another dimension', (input) => vectorsFor(input, 5), /5 numbers for "lung".*Expected: 3/],
    ['too few vectors', () => vectorsFor([]), /0 vectors for 1 texts/],
    ['too many vectors', () => vectorsFor(['a', 'b']), /2 vectors for 1 texts/],
    ['zeros', () => '{"data":[{"index":0,"embedding":[0,0,0]}]}', /a vector of zeros for "lung"/],
    ['no numbers', () => '{"data":[{"index":0,"embedding":["1","2","3"]}]}', /other JSON than embeddings/],
    ['null', () => '{"data":[{"index":0,"embedding":[1,null,3]}]}', /other JSON than embeddings/],
    ['infinity', () => '{"data":[{"index":0,"embedding":[1,1e999,3]}]}', /other JSON than embeddings/],
    ['NaN', () => '{"data":[{"index":0,"embedding":[1,NaN,3]}]}', /no JSON/],
    ['a web page', () => '<html>Welcome</html>', /no JSON/],
    ['nothing', () => '', /no JSON/],
    ['other JSON', () => '"ok"', /other JSON than embeddings/],
    ['far too much', () => `"${'x'.repeat(300_000)}"`, /more than \d+ bytes/],
  ])('that answers %s is unfit', async (_, text, said) => {
    respond = (input, response) => response.end(text(input));
    const error = await failure({ apiKey: KEY });
    expect(error).toMatchObject({ code: 'EMBEDDER_UNFIT', retryable: false });
    expect(error.message).toMatch(said);
  });

  it.each([
    [400, 'EMBEDDER_UNFIT', /status 400: no model nomic for \*\*\*/],
    [401, 'EMBEDDER_UNFIT', /refused the API key/],
    [403, 'EMBEDDER_UNFIT', /refused the API key/],
    [404, 'EMBEDDER_UNFIT', /status 404/],
    [302, 'EMBEDDER_UNFIT', /status 302/],
    [408, 'EMBEDDER_UNREACHABLE', /status 408/],
    [429, 'EMBEDDER_UNREACHABLE', /status 429/],
    [500, 'EMBEDDER_UNREACHABLE', /status 500/],
    [503, 'EMBEDDER_UNREACHABLE', /status 503: no model nomic for \*\*\*/],
  ])('that answers with status %d is told as %s', async (status, code, said) => {
    respond = (_, response) =>
      response.writeHead(status, { location: `${url}/elsewhere` }).end(`no model\n nomic for ${KEY}`);
    const error = await failure({ apiKey: KEY });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(said);
    expect(asked).toHaveLength(1);
  });

  it('that is down, hangs or breaks off may answer later', async () => {
    const query = `${url}/v1?key=${KEY}`;
    respond = () => undefined;
    expect(await failure({ url: query, timeoutSeconds: 0.2 })).toMatchObject({
      ...{ code: 'EMBEDDER_UNREACHABLE', retryable: true },
      message: expect.stringMatching(
        /127\.0\.0\.1:\d+\/v1 does not answer as it should \(no answer in 0\.2 s\)/,
      ) as string,
    });
    respond = (_, response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('{"data"', () => response.destroy());
    };
    expect((await failure({ url: query })).code).toBe('EMBEDDER_UNREACHABLE');
    respond = (_, response) => response.socket?.destroy();
    expect((await failure({ url: query })).code).toBe('EMBEDDER_UNREACHABLE');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect((await failure({ url: query, apiKey: KEY })).message).toMatch(/ECONNREFUSED/);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  it('is left where the attempt is cancelled', async () => {
    const controller = new AbortController();
    respond = () => controller.abort(new Error('cancelled'));
    await expect(open().embed(['lung'], 3, controller.signal)).rejects.toThrow('cancelled');
    await expect(open().embed(['lung'], 3, controller.signal)).rejects.toThrow('cancelled');
    expect(asked).toHaveLength(1);
  });
});

describe('feature hashing', () => {
  const embedder = openEmbedder({ kind: 'feature-hashing', timeoutSeconds: 1 });

  it('makes the vectors that the corpus was made with', async () => {
    expect(await embedder.embed(['lung anatomy', 'surgery'], 768)).toEqual([
      embedText('lung anatomy'),
      embedText('surgery'),
    ]);
    expect((await embedder.embed(['lung'], 12))[0]).toHaveLength(12);
    expect(embedder.name).toBe('feature-hashing');
  });

  it('has no direction for a text without a word that carries meaning', async () => {
    const error = await failureOf(embedder.embed(['surgery', 'of the'], 768));
    expect(error.code).toBe('EMBEDDER_UNFIT');
    expect(error.message).toMatch(/a vector of zeros for "of the"/);
  });
});
