import { z } from 'zod';
import type { ProbeCapture } from '../../domain/probes';

const captureSchema = z.object({
  takenAt: z.string(),
  embedder: z.string(),
  limit: z.number().int().positive(),
  answers: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['search', 'hierarchy', 'command']),
      error: z.string().nullable(),
      sha256: z.string().nullable(),
      results: z.number(),
      milliseconds: z.array(z.number()),
    }),
  ),
  vectors: z.record(z.string(), z.array(z.number())),
  yardstick: z.array(z.number()).optional(),
}) satisfies z.ZodType<ProbeCapture>;

/** A capture as a report file keeps it. */
export function captureText(capture: ProbeCapture): string {
  return `${JSON.stringify(capture)}\n`;
}

/** Reads a capture back; undefined where the text is none. */
export function parseCapture(text: string): ProbeCapture | undefined {
  try {
    return captureSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
