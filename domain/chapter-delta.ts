/** Chapters (`bailey:ch60`) by what a change does to them, each list sorted. */
export interface ChapterDelta {
  added: string[];
  changed: string[];
  removed: string[];
}

export const NO_DELTA: ChapterDelta = { added: [], changed: [], removed: [] };
