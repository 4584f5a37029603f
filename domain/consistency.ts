import { STORE_NAMES, type StoreName } from './names';

/** What a store says of its own writes at one moment; see `Marked`. */
export interface StoreMark {
  /** ISO 8601. */
  at: string;
  /** Opaque. Equal values of one store: nothing was written between. Null: the store cannot say. */
  value: string | null;
}

/** Another writer seen at work. */
export interface WriterSeen {
  store: StoreName;
  /** What it does, in words; never a parameter or a secret. */
  what: string;
  since: string | null;
}

export type Marks = Record<StoreName, StoreMark>;

/** Production as it was read: its fingerprints, and what two stores said of their own writes just before. */
export interface ProductionSeen {
  fingerprints: Record<StoreName, string>;
  marks: Record<Exclude<StoreName, 'sqlite'>, string | null>;
}

export interface CaptureWindow {
  store: StoreName;
  capturedFrom: string;
  capturedTo: string;
  /** Whether what was captured is what the store held when the capture of all three had ended; null: not compared. */
  contentUnchanged: boolean | null;
  countsUnchanged: boolean;
  /** Whether what was captured is what had been validated before; left out where nothing had been. */
  asValidated?: boolean;
}

export type JudgedWindow = CaptureWindow & { marks: MarkState };

export interface FenceCoverage {
  /** Who was asked to keep out, and since when; null where no fence stood during the capture. */
  owner: string;
  from: string;
  to: string;
  /** What it does not cover, in words. */
  note: string;
}

export type MarkState = 'equal' | 'moved' | 'unknown';

/** Stored with the version: are its three artifacts one moment of the knowledge base? */
export interface ConsistencyStatement {
  verdict: 'consistent' | 'skew' | 'inconsistent';
  /** One sentence; `skew <= 3.2 s` where the verdict is `skew`. */
  text: string;
  /** The longest time by which the artifacts may differ in age, in milliseconds; 0 where consistent. */
  skewMs: number;
  from: string;
  to: string;
  fence: FenceCoverage | null;
  stores: JudgedWindow[];
}

export interface CaptureFacts {
  /** Taken before the first capture began, and after the last one had ended. */
  marksBefore: Marks;
  marksAfter: Marks;
  /** One a capture; a store that was captured twice has two. */
  windows: readonly CaptureWindow[];
  fence: FenceCoverage | null;
}

/**
 * States whether the artifacts show one moment. A store whose marks are equal was one and the same throughout; one
 * whose content is proven to be what was captured, when the capture of all three had ended, shows that moment. Where
 * neither is known of a store, its artifact may be of any moment of its own window.
 */
export function stateConsistency({ marksBefore, marksAfter, windows, fence }: CaptureFacts): ConsistencyStatement {
  const stores = windows.map((window) => ({
    ...window,
    marks: markState(marksBefore[window.store], marksAfter[window.store], window),
  }));
  const moments = [
    ...[marksBefore, marksAfter].flatMap((marks) => Object.values(marks).map(({ at }) => at)),
    ...windows.flatMap(({ capturedFrom, capturedTo }) => [capturedFrom, capturedTo]),
  ].sort((a, b) => Date.parse(a) - Date.parse(b));
  const period = { from: moments[0] ?? '', to: moments.at(-1) ?? '' };
  const wrong = reasonsAgainst(stores);
  if (wrong.length > 0) {
    return { verdict: 'inconsistent', text: wrong.join('; '), skewMs: widest(stores), ...period, fence, stores };
  }
  if (stores.every(isProven)) {
    const text = stores.every(({ marks }) => marks === 'equal')
      ? 'the three artifacts show one moment: no store was written to while they were captured'
      : 'the three artifacts show one moment: the stores held what was captured when the last capture had ended';
    return { verdict: 'consistent', text, skewMs: 0, ...period, fence, stores };
  }
  const skewMs = widest(stores);
  return { verdict: 'skew', text: `skew <= ${upToTenths(skewMs)} s`, skewMs, ...period, fence, stores };
}

/** Whether a store was written to between two marks; unknown where it cannot say, or the marks do not span the window. */
export function markState(
  before: StoreMark,
  after: StoreMark,
  { capturedFrom, capturedTo }: Pick<CaptureWindow, 'capturedFrom' | 'capturedTo'>,
): MarkState {
  if (before.value === null || after.value === null) return 'unknown';
  if (before.value !== after.value) return 'moved';
  const spanned = Date.parse(before.at) <= Date.parse(capturedFrom) && Date.parse(capturedTo) <= Date.parse(after.at);
  return spanned ? 'equal' : 'unknown';
}

function isProven({ marks, contentUnchanged }: JudgedWindow): boolean {
  return marks === 'equal' || contentUnchanged === true;
}

/** What was seen to change counts for more than a mark that did not move. */
function reasonsAgainst(stores: readonly JudgedWindow[]): string[] {
  const missing = STORE_NAMES.filter((name) => !stores.some(({ store }) => store === name));
  return [
    ...missing.map((store) => `nothing is known of a capture of ${store}`),
    ...stores
      .filter(({ countsUnchanged }) => !countsUnchanged)
      .map(({ store }) => `the counts of ${store} changed while the stores were captured`),
    ...stores
      .filter(({ contentUnchanged }) => contentUnchanged === false)
      .map(({ store }) => `the content of ${store} changed while the stores were captured`),
    ...stores
      .filter(({ asValidated }) => asValidated === false)
      .map(({ store }) => `the content of ${store} is not what was validated`),
  ];
}

/** From the first moment that one of the artifacts may show to the last; a store that stood still shows them all. */
function widest(stores: readonly JudgedWindow[]): number {
  const moving = stores.filter(({ marks }) => marks !== 'equal');
  if (moving.length === 0) return 0;
  const from = Math.min(...moving.map(({ capturedFrom }) => Date.parse(capturedFrom)));
  const to = Math.max(...moving.map(({ capturedTo }) => Date.parse(capturedTo)));
  return Math.max(0, to - from);
}

/** Rounded up: a bound that is rounded down is none. */
function upToTenths(milliseconds: number): string {
  return (Math.ceil(milliseconds / 100) / 10).toFixed(1);
}

/**
 * Whether a copy may be put in production's place: not where a store was seen to be written to while it was taken, and
 * nothing has shown since that what was taken is what the store held.
 */
export function mayRestoreFrom(
  statement: Pick<ConsistencyStatement, 'verdict' | 'stores'> | null | undefined,
): boolean {
  if (!statement || statement.verdict === 'inconsistent') return false;
  return statement.stores.every(({ marks, contentUnchanged }) => marks !== 'moved' || contentUnchanged === true);
}
