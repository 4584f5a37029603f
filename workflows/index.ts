// Exactly the workflow types: whatever is exported here can be started by its name.
export { registerBaseline } from './register-baseline';
export { undoAbandonedRun } from './undo-abandoned-run';
