import type { ChapterDelta } from '../../domain/chapter-delta';
import type { ChapterKey } from '../../domain/checks';
import { chapterIdOf } from '../../domain/chunk-id';
import type { MetadataStaging, WriteLease } from '../ports';
import { withCopy } from './attach-copy';
import { CHAPTER_KEY, chaptersOf } from './chapters';
import { sqliteCode } from './errors';
import { fingerprintOf } from './fingerprint';
import { reading, trying, withoutForeignKeys, writing, type Db, type Source } from './open';
import { becomeStaged, sameRow } from './staging-switch';
import { CHAPTERS, differencesFromChapters, fillStaging, makeStaging, STAGING } from './staging-table';
import { assertShape, unfit } from './staging-unfit';

/** What is staged in metadata.db, beside production. Only its own table is ever written. */
export function openStaging(source: Source): MetadataStaging {
  const read = <T>(use: (db: Db) => T): T =>
    reading(source, (db) => {
      assertShape(db, source.path);
      return use(db);
    });
  return {
    prepareStaging: (from, lease) => ({
      chapters:
        from === 'empty'
          ? writing(source, lease, (db) => prepareEmpty(db, source.path))
          : prepareFrom(source, from.file, lease),
    }),
    assertStagingFits: () => {
      // The switch itself, taken back: nothing tells better whether it will work.
      trying(source, (db) => becomeStaged(db, source.path), withoutForeignKeys);
    },
    stagedChapters: () => read((db) => chaptersOf(db, STAGING)),
    stagedFingerprint: () => read((db) => fingerprintOf(db, STAGING)),
    stagedDelta: () => read(deltaOf),
  };
}

function prepareEmpty(db: Db, path: string): number {
  makeStaging(db, path);
  return 0;
}

function prepareFrom(source: Source, file: string, lease: WriteLease): number {
  return withCopy(source, file, lease, (db) => {
    makeStaging(db, source.path);
    const differences = differencesFromChapters(db, 'copy', CHAPTERS);
    if (differences.length > 0) {
      const found = `${CHAPTERS} in ${file} has other columns than production's: ${differences.join('; ')}`;
      throw unfit(found, 'the same columns', { file, differences });
    }
    try {
      fillStaging(db);
    } catch (error) {
      if (!sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT')) throw error;
      const why = (error as Error).message;
      throw unfit(`Production does not take the chapters of ${file} any more: ${why}`, 'rows that it takes', { file });
    }
    return chaptersOf(db, STAGING).length;
  });
}

/** A chapter is changed where a row of it differs in any stored column, `id` included. */
function deltaOf(db: Db): ChapterDelta {
  const [before, after] = [CHAPTERS, STAGING].map((table) => idsOf(chaptersOf(db, table))) as [
    Set<string>,
    Set<string>,
  ];
  const same = sameRow(db, []);
  const differing = (table: string, alias: string, other: string, otherAlias: string) =>
    db
      .prepare<[], ChapterKey>(
        `SELECT ${CHAPTER_KEY} FROM ${table} AS ${alias} WHERE NOT EXISTS (SELECT 1 FROM ${other} AS ${otherAlias} WHERE ${same})`,
      )
      .all();
  const changed = idsOf([
    ...differing(CHAPTERS, 'production', STAGING, 'staged'),
    ...differing(STAGING, 'staged', CHAPTERS, 'production'),
  ]);
  return {
    added: [...after].filter((id) => !before.has(id)).sort(),
    changed: [...changed].filter((id) => before.has(id) && after.has(id)).sort(),
    removed: [...before].filter((id) => !after.has(id)).sort(),
  };
}

function idsOf(keys: readonly ChapterKey[]): Set<string> {
  return new Set(keys.map(chapterIdOf));
}
