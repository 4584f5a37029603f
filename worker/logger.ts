import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogEntry } from '@temporalio/worker';

/** Logs go to stderr: JSON lines for programs, readable lines for a terminal. */
export function createLogger(level = process.env.HFV_LOG_LEVEL ?? 'info'): Logger {
  const stream = process.stderr.isTTY ? pretty({ destination: 2, ignore: 'pid,hostname' }) : pino.destination(2);
  return pino({ level, base: { program: 'hfv worker' } }, stream);
}

/** Routes the SDK's own log lines into ours, and leaves the signals to us. */
export function installRuntime(logger: Logger): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
      const { error, ...rest } = (meta ?? {}) as { error?: unknown } & Record<string, unknown>;
      logger[levels[level]]({ ...rest, ...(error !== undefined && { err: error }) }, message);
    }),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  });
}
