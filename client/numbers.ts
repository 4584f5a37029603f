import { InvalidArgumentError } from 'commander';

/** For options that take a count: a whole number, at least 1. */
export function positiveWhole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('Expected a whole number, at least 1.');
  }
  return value;
}

/** For options that take a choice of the generator: a whole number, 0 included. */
export function whole(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError('Expected a whole number, 0 or more.');
  }
  return Number(text);
}

/** For options that take a time: seconds, more than 0. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('Expected a number of seconds, more than 0.');
  }
  return value;
}

/** For options that take a time in minutes, more than 0. */
export function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('Expected a number of minutes, more than 0.');
  }
  return value;
}

/** For options that take a share: 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('Expected a number from 0 to 1.');
  }
  return value;
}
