import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');
const plainName = z.string().regex(/^[^/\\]+$/);
const bytes = z.number().int().nonnegative();

/** `archived.json`: written last. What lies in the archive without it was never completed. */
export const archiveSchema = z.strictObject({
  format: z.literal('hybridflow-archive/1'),
  versionId: z.string(),
  archivedAt: z.iso.datetime(),
  runId: z.string(),
  files: z.array(
    z.strictObject({
      /** Its name in the version's folder, and there its size and hash. */
      file: plainName,
      bytes,
      sha256,
      /** Its name in the archive, and there its size and hash; the same ones where it was not compressed. */
      stored: plainName,
      compression: z.enum(['gzip', 'none']),
      storedBytes: bytes,
      storedSha256: sha256,
    }),
  ),
});

export type ArchiveRecord = z.output<typeof archiveSchema>;
export type ArchivedFile = ArchiveRecord['files'][number];
