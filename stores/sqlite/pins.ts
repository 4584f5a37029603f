import { HybridFlowError } from '../../domain/errors';
import { VERSION_REGISTRY } from '../../domain/registry-schema';
import type { Pin } from '../../domain/switch-journal';
import { VERSION_PINS } from '../../domain/version-pins-schema';
import type { Pins } from '../ports';
import { isOurs } from './inspect';
import { requireVersion } from './moves';
import { reading, writing, type Db, type Source } from './open';
import { isoMoment, sqlMoment } from './registry-rows';

interface RawPin {
  version_id: string;
  reason: string;
  pinned_by: string;
  pinned_at: string;
}

/** Pins of versions, in a table of their own in metadata.db. Reads answer "nothing" where it does not exist. */
export function openPins(source: Source): Pins {
  return {
    list: () => reading(source, (db) => (isOurs(db, VERSION_PINS) ? listPins(db) : [])),
    add: (pin, lease) =>
      writing(source, lease, (db) => {
        assertTable(db, source.path);
        requireVersion(db, pin.versionId);
        const pinnedAt = sqlMoment(new Date());
        db.prepare(
          `INSERT INTO version_pins (version_id, reason, pinned_by, pinned_at) VALUES (@versionId, @reason, @by, @pinnedAt)
           ON CONFLICT (version_id) DO UPDATE SET reason = @reason, pinned_by = @by, pinned_at = @pinnedAt`,
        ).run({ ...pin, pinnedAt });
        return { ...pin, pinnedAt: isoMoment(pinnedAt) };
      }),
    remove: (versionId) =>
      reading(source, (db) => isOurs(db, VERSION_PINS) && listPins(db).some((pin) => pin.versionId === versionId)) &&
      writing(source, undefined, (db) => {
        return db.prepare('DELETE FROM version_pins WHERE version_id = ?').run(versionId).changes > 0;
      }),
  };
}

/** In the order in which they were pinned first. */
function listPins(db: Db): Pin[] {
  const rows = db.prepare<[], RawPin>('SELECT * FROM version_pins ORDER BY rowid').all();
  return rows.map(({ version_id, reason, pinned_by, pinned_at }) => {
    return { versionId: version_id, reason, by: pinned_by, pinnedAt: isoMoment(pinned_at) };
  });
}

function assertTable(db: Db, path: string): void {
  if (isOurs(db, VERSION_PINS) && isOurs(db, VERSION_REGISTRY)) return;
  throw new HybridFlowError('SCHEMA_CONFLICT', {
    found: `${path} has no ${VERSION_PINS.name} and ${VERSION_REGISTRY.name} of the needed shape`,
    expected: 'the versioning tables',
    next: 'the next change creates them; pin the version then',
  });
}
