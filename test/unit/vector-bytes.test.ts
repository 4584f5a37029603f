import { ItemWriter } from '../../stores/fingerprint';
import { addVectors } from '../../stores/qdrant/vector-bytes';

const print = (vector: unknown) => {
  const item = new ItemWriter();
  addVectors(item, vector);
  return item.digest().toString('hex');
};
const written = (...fields: string[]) => {
  const item = new ItemWriter();
  for (const text of fields) item.text(text);
  return item.digest().toString('hex');
};
const [ONE, TWO] = ['0000803f', '00000040'];

test.each<[string, unknown, string[]]>([
  ['none', undefined, []],
  ['dense', [1, 2], ['', `d${ONE}${TWO}`]],
  ['several rows', [[1], [2, 1]], ['', `m${ONE},${TWO}${ONE}`]],
  ['by name, in order', { b: [1], a: [2] }, ['a', `d${TWO}`, 'b', `d${ONE}`]],
  ['sparse, by index', { words: { indices: [10, 9], values: [1, 2] } }, ['words', `s9:${TWO},10:${ONE}`]],
  ['as the server holds them: floats of 32 bits', [1.00000001], ['', `d${ONE}`]],
])('a vector: %s', (_, vector, fields) => expect(print(vector)).toBe(written(...fields)));
