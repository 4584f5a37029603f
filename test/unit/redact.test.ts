import { redact } from '../../domain/masking';

test('replaces a secret in every text, and leaves numbers, keys and the shape', () => {
  const facts = { found: 'password 1234 is wrong', details: { freeBytes: 51234000000, 1234: ['a1234b', null, true] } };
  expect(redact(facts, ['1234'])).toEqual({
    found: 'password *** is wrong',
    details: { freeBytes: 51234000000, 1234: ['a***b', null, true] },
  });
});

test('replaces a secret with quotes and backslashes in it', () => {
  expect(redact({ found: 'it is p"w\\d' }, ['p"w\\d'])).toEqual({ found: 'it is ***' });
});

test('an empty secret changes nothing', () => {
  expect(redact('text', [''])).toBe('text');
});
