export { compareWithExpected } from './expected';
export { inspectStaging, type StagingAsked } from './inspect';
export { findSource, type SourceFound } from './source';
export { changedSince } from './changed-since';
export { driftOfProduction } from './drift';
export { writtenSince } from './written';
