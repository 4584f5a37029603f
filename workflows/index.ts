// Exactly the workflow types: whatever is exported here can be started by its name.
export { checkHealth } from './check-health';
export { registerBaseline } from './register-baseline';
export { rollBackVersion } from './roll-back-version';
export { undoAbandonedRun } from './undo-abandoned-run';
