/**
 * Flags of Node for a worker's process. Left to itself V8 lets buffers of a download or an export pile up before it
 * collects them, because the machine has memory to spare; the worker need not take it.
 */
export const WORKER_NODE_FLAGS = ['--max-semi-space-size=16', '--max-old-space-size=224'] as const;
