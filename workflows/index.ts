// Exactly the workflow types: whatever is exported here can be started by its name.
export { applyRetention } from './apply-retention';
export { checkHealth } from './check-health';
export { drillVersion } from './drill-version';
export { publishVersion } from './publish-version';
export { registerBaseline } from './register-baseline';
export { restoreVersion } from './restore-version';
export { rollBackVersion } from './roll-back-version';
export { undoAbandonedRun } from './undo-abandoned-run';
