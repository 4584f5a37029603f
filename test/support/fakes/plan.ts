import type { WriterSeen } from '../../../domain/consistency';
import type { GraphTextbooks, GraphWriters, Marked, VectorTextbooks } from '../../../stores/ports';

/** A store whose mark is what `state` says: equal states, equal marks. */
export function fakeMark(state: () => unknown): Marked {
  return { mark: async () => ({ at: new Date().toISOString(), value: JSON.stringify(state()) }) };
}

export function fakeVectorTextbooks(points: () => number): VectorTextbooks {
  return { pointsPerTextbook: async (textbooks) => Object.fromEntries(textbooks.map((name) => [name, points()])) };
}

export function fakeGraphPlan(paragraphs: () => number, writers: () => WriterSeen[]): GraphTextbooks & GraphWriters {
  return {
    paragraphsPerTextbook: async () => ({ bailey: paragraphs() }),
    writers: async () => writers(),
  };
}
