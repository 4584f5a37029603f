import type { Reports } from '../../../stores/ports';

/** Reports in memory: `version/file` to text. */
export function fakeReports(kept: Map<string, string>): Reports {
  return {
    writeReport: async (versionId, file, text) => {
      kept.set(`${versionId}/${file}`, text);
      return `/backups/reports/${versionId}/${file}`;
    },
    readReport: async (versionId, file) => kept.get(`${versionId}/${file}`),
    pruneReports: async (versionId, prefix, keep) => {
      const old = [...kept.keys()]
        .filter((key) => key.startsWith(`${versionId}/${prefix}`))
        .sort()
        .slice(0, -keep);
      for (const key of old) kept.delete(key);
      return old.length;
    },
    reportedVersions: async () => [...new Set([...kept.keys()].map((key) => key.split('/')[0] ?? ''))].sort(),
  };
}
