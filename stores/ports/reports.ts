/** `<backups>/reports/<version_id>/…`: what a run tells about itself. It stays whatever becomes of the version. */
export interface Reports {
  /** Writes a report file whole or not at all (temporary name, fsync, rename); repeating it replaces it. Answers its path. */
  writeReport(versionId: string, file: string, text: string): Promise<string>;
  /** Undefined where there is none. */
  readReport(versionId: string, file: string): Promise<string | undefined>;
  /** Version ids that have reports, oldest first. */
  reportedVersions(): Promise<string[]>;
  /** Of the files whose names begin so, removes all but the last `keep` by name. Answers how many went. */
  pruneReports(versionId: string, prefix: string, keep: number): Promise<number>;
}
