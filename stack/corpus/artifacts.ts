import type { Paragraph } from './chapters';
import type { ChapterPlan } from './plan';
import { fill } from './prose';
import type { Choices } from './random';

/** A table or a figure of a chapter. */
export interface Artifact {
  id: string;
  kind: 'Table' | 'Figure';
  /** The paragraph that it was found beside. */
  chunkId: string;
  number: string;
  page: number;
  caption: string;
  /** True where the paragraph's text cites it; only then is there a relationship. */
  cited: boolean;
}

interface Placed {
  artifact: Artifact;
  paragraph: Paragraph;
  cited: boolean;
  /** As a text cites it: `Figure 60.1`. */
  label: string;
}

const CAPTIONS = {
  Table: ['Causes of {condition}', 'Results of {procedure}', 'Classification of {adjective} disease'],
  Figure: ['The {structure} and the {supply}', 'Imaging of {condition}', 'Steps of {procedure}'],
} as const;

/**
 * The tables and figures of a chapter, about two to a paragraph.
 *
 * Production has some 107,000 nodes but only 36,216 paragraphs and few headings, and no more relationships than nodes
 * (see SHAPES in chapters.ts): most nodes there can have no relationship at all. Here they are what a page parser
 * leaves behind: every crop of a picture and every fragment of a table becomes a node that names its paragraph by
 * property, and only the one that the text cites, in every second chapter, is linked to it.
 */
export function artifactsOf(plan: ChapterPlan, paragraphs: Paragraph[], choose: Choices): Placed[] {
  const last = { Table: 0, Figure: 0 };
  return Array.from({ length: plan.artifacts }, (_, nth) => {
    const paragraph = paragraphs[Math.floor((nth * paragraphs.length) / plan.artifacts)];
    if (!paragraph) throw new RangeError(`${plan.id} has no paragraph for its artifact ${nth}`);
    const cited = nth === 0 && plan.index % 2 === 0;
    const kind = cited ? (plan.index % 4 === 0 ? 'Figure' : 'Table') : choose.onceIn(3) ? 'Table' : 'Figure';
    last[kind] += 1;
    const number = `${plan.number}.${last[kind]}`;
    const artifact: Artifact = {
      ...{
        id: `${plan.id}:${kind === 'Table' ? 't' : 'f'}${last[kind]}`,
        kind,
        chunkId: paragraph.chunkId,
        number,
        cited,
      },
      ...{ page: paragraph.page, caption: fill(choose.pick(CAPTIONS[kind]), plan.topic, choose) },
    };
    return { artifact, paragraph, cited, label: `${kind} ${number}` };
  });
}
