import { z } from 'zod';
import { HybridFlowError } from '../../domain/errors';
import { redact } from '../../domain/masking';
import type { Embedder } from '../ports';
import { assertFit, unfit } from './vectors';

export interface OpenAiTarget {
  /** Base address, e.g. `http://127.0.0.1:11434/v1`; the texts go to `<url>/embeddings`. */
  url: string;
  model: string;
  apiKey?: string;
  timeoutMs: number;
}

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative().optional(), embedding: z.array(z.number()) })),
});

/** Texts of one request: servers limit the number, and one that is slow is told apart sooner. */
const BATCH = 32;
/** Room that a number takes in JSON at most, and what stands around the numbers. */
const BYTES_A_NUMBER = 40;
const BYTES_AROUND = 100_000;
const SAID = 300;

/** Any service that speaks OpenAI's embeddings call: OpenAI, Ollama, text-embeddings-inference, vLLM, … */
export function openOpenAiEmbedder(target: OpenAiTarget): Embedder {
  const name = `openai ${target.model}`;
  return {
    name,
    async embed(texts, dimension, signal) {
      const vectors: number[][] = [];
      for (let i = 0; i < texts.length; i += BATCH) {
        const batch = texts.slice(i, i + BATCH);
        const found = inOrder(parse(name, await post(target, name, batch, dimension, signal)));
        assertFit(name, batch, dimension, found);
        vectors.push(...found);
      }
      return vectors;
    },
  };
}

/** The text of the answer. @throws HybridFlowError EMBEDDER_UNREACHABLE, or EMBEDDER_UNFIT where asking again is idle */
async function post(
  target: OpenAiTarget,
  name: string,
  input: readonly string[],
  dimension: number,
  cancelled?: AbortSignal,
): Promise<string> {
  cancelled?.throwIfAborted();
  const { model, apiKey, timeoutMs } = target;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(embeddingsUrl(target), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({ model, input }),
      // The key goes to the configured server and to no other.
      redirect: 'manual',
      signal: cancelled ? AbortSignal.any([cancelled, timeout]) : timeout,
    });
    const limit = response.ok ? input.length * dimension * BYTES_A_NUMBER + BYTES_AROUND : BYTES_AROUND;
    const said = await readAtMost(response, limit);
    if (!response.ok) throw refusal(target, name, response.status, said ?? '');
    if (said === undefined) throw unfit(name, `more than ${limit} bytes`, `${input.length} vectors`);
    return said;
  } catch (error) {
    if (error instanceof HybridFlowError) throw error;
    if (cancelled?.aborted) throw cancelled.reason;
    throw unreachable(target, timeout.aborted ? `no answer in ${timeoutMs / 1_000} s` : networkReason(error));
  }
}

function embeddingsUrl({ url }: OpenAiTarget): URL {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, '')}/embeddings`;
  return address;
}

/** Undefined where there is more. */
async function readAtMost(response: Response, limit: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(name: string, text: string): z.output<typeof answerSchema>['data'] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unfit(name, 'what is no JSON', 'an answer as OpenAI gives it');
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) throw unfit(name, 'other JSON than embeddings', '{"data": [{"index": 0, "embedding": […]}, …]}');
  return parsed.data.data;
}

/** A server may answer in another order, and says so by `index`. */
function inOrder(data: z.output<typeof answerSchema>['data']): number[][] {
  const indexed = data.map(({ index, embedding }, i) => ({ at: index ?? i, embedding }));
  return indexed.sort((a, b) => a.at - b.at).map(({ embedding }) => embedding);
}

function refusal(target: OpenAiTarget, name: string, status: number, said: string): HybridFlowError {
  const words = redact(said, [target.apiKey ?? ''])
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, SAID);
  if (status === 408 || status === 429 || status >= 500) return unreachable(target, `status ${status}: ${words}`);
  if (status === 401 || status === 403) {
    return new HybridFlowError('EMBEDDER_UNFIT', {
      found: `${where(target)} refused the ${target.apiKey ? 'API key' : 'call, which carried no API key'}`,
      next: 'correct HYBRIDFLOW_EMBEDDER_API_KEY',
      details: { status },
    });
  }
  return unfit(name, `status ${status}: ${words}`, 'vectors');
}

function unreachable(target: OpenAiTarget, why: string): HybridFlowError {
  // No `cause`: it may quote what was sent.
  return new HybridFlowError('EMBEDDER_UNREACHABLE', {
    found: `${where(target)} does not answer as it should (${why})`,
    next: 'start it, or correct embedder.url in the settings file',
  });
}

/** Without user, password and query, any of which may be a secret. */
function where({ url }: OpenAiTarget): string {
  const { origin, pathname } = new URL(url);
  return `the embedder at ${origin}${pathname.replace(/\/+$/, '')}`;
}

/** fetch hides the reason of a failure in its causes. */
function networkReason(error: unknown): string {
  const { code, cause } = error as { code?: string | number; cause?: { code?: string } };
  return String(cause?.code ?? code ?? 'the connection broke');
}
