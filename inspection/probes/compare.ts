import { setTimeout } from 'node:timers/promises';
import {
  failedBySlownessOnly,
  judgeProbes,
  type ProbeCapture,
  type ProbeComparison,
  type ProbeSettings,
} from '../../domain/probes';
import { chapterOf, queryOf } from './builtin';
import { commandName } from './command';

export interface ProbeTrial {
  /** One, or more where slowness was measured again. */
  captures: ProbeCapture[];
  comparisons: ProbeComparison[];
}

export interface TrialOptions {
  signal?: AbortSignal;
  /** Between two measurements: what kept the machine busy may be over by then. */
  pauseMs?: number;
}

/** Slowness is measured this many times more before it is believed. */
const MEASURE_AGAIN = 2;
const PAUSE_MS = 2_000;

/**
 * Captures what is now and compares it with before. Another answer or none fails at once; a failure by slowness alone
 * is measured again; of the commands, only those that are slow.
 *
 * @param capture captures with the settings that it is given, and with the vectors of `before`
 */
export async function compareWith(
  before: ProbeCapture,
  settings: ProbeSettings,
  capture: (settings: ProbeSettings) => Promise<ProbeCapture>,
  { signal, pauseMs = PAUSE_MS }: TrialOptions = {},
): Promise<ProbeTrial> {
  const asked = asBefore(settings, before);
  const captures = [await capture(asked)];
  for (let more = MEASURE_AGAIN; ; more--) {
    const comparisons = judgeProbes(before, captures, settings);
    if (more === 0 || !failedBySlownessOnly(comparisons)) return { captures, comparisons };
    await setTimeout(pauseMs, undefined, { signal });
    const slow = comparisons.filter(({ verdict }) => verdict === 'failed').map(({ name }) => name);
    const commands = asked.commands.filter((command) => slow.includes(commandName(command)));
    captures.push(await capture({ ...asked, commands }));
  }
}

/**
 * The questions of the earlier capture, whatever the settings or the graph's first chapters have become since; and
 * commands as often as then, so that one that has become slow is not for that very reason left unjudged.
 */
function asBefore(settings: ProbeSettings, { limit, answers }: ProbeCapture): ProbeSettings {
  const namesOf = (wanted: string) => answers.filter(({ kind }) => kind === wanted).map(({ name }) => name);
  const commands = settings.commands.map((command) => {
    const before = answers.find(({ name }) => name === commandName(command));
    return before?.error === null ? { ...command, samples: before.milliseconds.length } : command;
  });
  return {
    ...{ ...settings, limit, commands },
    queries: namesOf('search').map(queryOf),
    chapters: namesOf('hierarchy').map(chapterOf),
  };
}
