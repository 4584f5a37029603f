export { planRestore, type RestoreRequest } from './plan';
export { answerProbes, type ProbesAnswered } from './probes';
export { resolveSource } from './source';
