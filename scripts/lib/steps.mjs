// What the set-up says: one line per step with the time it took, everything else in a log file.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The set-up cannot go on; the message says what was found and what to do next. */
export class SetupFailure extends Error {}

/** Prints steps to stderr (stdout belongs to the verb) and keeps the full output in `logFile`. */
export class Steps {
  constructor(logFile) {
    this.logFile = logFile;
    this.from = Date.now();
    mkdirSync(dirname(logFile), { recursive: true });
    writeFileSync(logFile, `set-up, ${new Date().toISOString()}, Node ${process.version}\n`);
  }

  say(message) {
    const seconds = ((Date.now() - this.from) / 1000).toFixed(1).padStart(6);
    console.error(`[set-up ${seconds} s] ${message}`);
    this.write(`\n## ${message}\n`);
  }

  write(text) {
    appendFileSync(this.logFile, text);
  }

  /** The last lines of the log, for a message that must stand on its own. */
  tail(lines = 15) {
    const kept = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines);
    return kept.map((line) => `    ${line}`).join('\n');
  }

  failure(sentence, next) {
    return new SetupFailure(`${sentence}\n${this.tail()}\nThe whole output is in ${this.logFile}.\nNext: ${next}`);
  }
}
