export { captureProbes, type CaptureOptions } from './capture';
export { compareWith, type ProbeTrial, type TrialOptions } from './compare';
export { captureText, parseCapture } from './record';
export type { ProbeStores } from './probe';
