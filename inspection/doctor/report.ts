import type { Condition, DoctorFacts } from '../../domain/doctor';
import type { Leftover } from '../../domain/leftovers';
import type { StagingView } from '../../domain/staging';
import type { Pin, SwitchEntry } from '../../domain/switch-journal';
import type { IsOpen } from '../holders';

/** A service or a file, and whether it answered. */
export interface ServiceSeen {
  name: 'metadata.db' | 'Qdrant' | 'Neo4j' | 'backups' | 'Temporal';
  up: boolean;
  /** What it said, or why it did not. */
  found: string;
}

/** A run that is at work, as Temporal tells it. */
export interface ChangeSeen {
  workflowId: string;
  runId: string;
  type: string;
  startedAt: string;
  url: string | null;
  versionId: string | null;
  /** Null where no worker answers. */
  phase: string | null;
  staging: StagingView | null;
  /** Steps that have failed and are tried again. */
  failing: { activity: string; attempt: number; error: string }[];
  /** Who asked for it and why, in the words that the run was started with. */
  details: string | null;
}

/** What Temporal told the client; without it everything else is still told. */
export interface TemporalSeen {
  service: ServiceSeen;
  change: ChangeSeen | null;
  /** Task queues that nobody polls; null where that is not known. */
  unpolled: string[] | null;
  /** Whether another run is alive; undefined where Temporal does not answer. */
  isOpen: IsOpen;
}

export interface VersionSeen {
  versionId: string;
  status: string;
  artifacts: 'sound' | 'damaged' | 'missing' | 'archived';
  problems: string[];
}

/** What `hfv doctor` found. Field names are part of the contract. */
export interface DoctorReport {
  format: 'hybridflow-doctor/1';
  base: string;
  takenAt: string;
  verdict: string;
  condition: Condition;
  says: string;
  /** The one safe next command. */
  command: string;
  facts: DoctorFacts;
  services: ServiceSeen[];
  change: ChangeSeen | null;
  unpolled: string[] | null;
  /** The open entry of the switch journal, or else the newest. */
  switch: SwitchEntry | null;
  /** Who holds the base, in words, where somebody does. */
  holders: string[];
  current: { versionId: string; since: string } | null;
  /** The newest version whose artifacts are sound, by their bytes or by their sizes alone. */
  lastGood: { versionId: string; by: 'bytes' | 'sizes' } | null;
  latestCopy: { state: 'sound' | 'damaged' | 'missing'; sameAs: string | null; problems: string[] } | null;
  versions: VersionSeen[];
  pins: Pin[];
  /** What runs left, each with what is to become of it. */
  leftovers: Leftover[];
  /** What could not be looked at, and why. */
  notes: string[];
}
