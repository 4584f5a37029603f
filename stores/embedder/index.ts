import type { Embedder } from '../ports';
import { openFeatureHashing } from './feature-hashing';
import { openOpenAiEmbedder } from './openai';

export interface EmbedderTarget {
  kind: 'feature-hashing' | 'openai';
  /** Base address of an OpenAI-compatible service; with `model` needed where that is the kind. */
  url?: string;
  model?: string;
  apiKey?: string;
  timeoutSeconds: number;
}

/** Opens the embedder that the settings name. Nothing is contacted yet. */
export function openEmbedder({ kind, url = '', model = '', apiKey, timeoutSeconds }: EmbedderTarget): Embedder {
  if (kind === 'feature-hashing') return openFeatureHashing();
  return openOpenAiEmbedder({ url, model, apiKey, timeoutMs: timeoutSeconds * 1_000 });
}
