import type { Choices } from './random';
import type { Topic } from './topics';

/** What a section is about; it chooses the sentences of its paragraphs. */
export const THEMES = ['anatomy', 'physiology', 'assessment', 'disease', 'operation', 'care'] as const;
export type Theme = (typeof THEMES)[number];

/** Headings of the sections, each with the topic in it. */
export const HEADINGS: Record<Theme, string> = {
  anatomy: 'Surgical anatomy of the {organ}',
  physiology: 'Physiology of the {organ}',
  assessment: 'Assessment of {adjective} disease',
  disease: 'Disorders of the {organ}',
  operation: 'Surgery of the {organ}',
  care: 'Perioperative care and outcome in {adjective} surgery',
};

const SENTENCES: Record<Theme, readonly string[]> = {
  anatomy: [
    'The anatomy of the {organ} is best understood from the {structure}, which lies {place} the {structure2}.',
    'The {structure} receives its blood from the {supply} and drains {place} the {structure2}.',
    'In {percent} of people the {supply} takes an aberrant course {place} the {structure}, a variation of the {adjective} anatomy that the surgeon must expect.',
    'Development of the {organ} begins in week {small} of gestation, when the {structure} separates from the {structure2}.',
    'The {supply} crosses the {structure} about {size} mm from its margin and is at risk in {procedure}.',
    'Lymph from the {structure} passes with the {supply} to the regional nodes of the {organ}.',
    'On section the {structure} shows an outer layer continuous with the {structure2} and an inner layer supplied by the {supply}.',
  ],
  physiology: [
    'At rest the {organ} depends on flow through the {supply}, which may rise {small}-fold under load.',
    'The {structure} regulates {adjective} function together with the {structure2}, and loss of either is followed by {condition}.',
    'Oxygen delivery to the {structure} falls by {percent} when perfusion of the {supply} is interrupted for {size} minutes.',
    'Neural control reaches the {organ} along the {supply}, and hormonal control acts mainly on the {structure}.',
    'After injury the {adjective} response reaches its peak at {size} hours and settles within {small} days.',
    'Measured {adjective} reserve declines by about {percent} in each decade, which matters before {procedure}.',
  ],
  assessment: [
    'The history should establish how long the {adjective} symptoms have been present and whether {condition} runs in the family.',
    'Examination of the {organ} begins with the {structure} and compares both sides where that is possible.',
    'Computed tomography shows the {structure} in {percent} of patients with suspected {condition}.',
    'Ultrasound of the {structure} is quick, needs no radiation and guides aspiration when {condition} is likely.',
    'A raised white cell count with fever points to infection of the {organ}, most often {condition}.',
    'Magnetic resonance imaging separates {condition} from {condition2} with a sensitivity of {percent}.',
    'Biopsy of the {structure} is reserved for patients in whom imaging of the {organ} leaves doubt.',
  ],
  disease: [
    '{Condition} is the commonest disorder of the {organ} and presents in the {decade} decade.',
    'In {condition} the {structure} is thickened, and pressure on the {supply} explains the symptoms.',
    'Untreated {condition} progresses to {condition2} in {percent} of patients within {small} years.',
    'Trauma to the {organ} is caused by blunt force in {percent} of cases and tears the {structure} or the {supply}.',
    'Infection spreads from the {structure} to the {structure2} along the {supply}, and {condition} follows.',
    'The stage of {condition} is given by its depth in the {structure} and by the {adjective} nodes involved.',
    'Smoking, age and earlier {adjective} surgery raise the risk of {condition} about {small}-fold.',
  ],
  operation: [
    '{Procedure} is offered to patients with {condition} who are fit for surgery.',
    'The incision exposes the {structure}, and the {supply} is controlled before the {structure2} is divided.',
    'In {procedure} the {structure} is mobilised from the {structure2} in the avascular plane.',
    'The {supply} is ligated close to the {structure} to preserve the {structure2}.',
    'A minimally invasive approach to the {organ} shortens the stay by {small} days without loss of safety.',
    'Conversion from {procedure} to open surgery is needed in {percent} of operations, usually for bleeding from the {supply}.',
    'Closure follows a count of swabs and instruments, and a drain is left near the {structure} when the field is wet.',
  ],
  care: [
    'Antibiotic prophylaxis is given within {size} minutes before {procedure} to prevent surgical site infection.',
    'Early mobilisation and chest physiotherapy halve the complications of {adjective} surgery.',
    'The commonest complication of {procedure} is {condition2}, seen in {percent} of patients by day {small}.',
    'Injury to the {supply} during {procedure} is repaired at once, because late repair of the {organ} does badly.',
    'Follow-up after {procedure} includes imaging of the {structure} at {size} months.',
    'Survival at five years after surgery for {condition} is {percent} and depends on the margin at the {structure}.',
    'Patients are told before consent that the {adjective} function may take {size} weeks to recover.',
  ],
};

const PLACES = ['behind', 'in front of', 'medial to', 'lateral to', 'just above', 'deep to'] as const;
const DECADES = ['third', 'fourth', 'fifth', 'sixth', 'seventh'] as const;

/** A name as it opens a sentence or stands as a heading. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A paragraph of a textbook: four to six sentences about the topic, most of them on the section's own theme. */
export function paragraphText(topic: Topic, theme: Theme, choose: Choices): string {
  const own = SENTENCES[theme];
  const first = choose.between(0, own.length - 1);
  const sentences: string[] = [];
  for (let i = choose.between(4, 6); i > 0; i--) {
    // Walking through the list rather than drawing from it keeps a sentence from following itself.
    const aside = sentences.length > 0 && choose.onceIn(5);
    const pattern = aside ? choose.pick(SENTENCES[choose.pick(THEMES)]) : own[(first + i) % own.length];
    sentences.push(fill(pattern ?? '', topic, choose));
  }
  return sentences.join(' ');
}

/**
 * A pattern with its gaps filled from the topic: `The {structure} of the {organ}`. A gap may be numbered
 * (`{structure2}`) to differ from its namesake, and capitalised (`{Condition}`) to open a sentence.
 */
export function fill(pattern: string, topic: Topic, choose: Choices): string {
  // Where the two lists start is drawn once, so that a gap named twice in a sentence is the same word both times.
  const structure = choose.between(0, topic.structures.length - 1);
  const condition = choose.between(0, topic.conditions.length - 1);
  let text = '';
  for (const { before, gap } of compiled(pattern)) {
    text += before;
    if (gap !== undefined) text += word(gap, { topic, choose, structure, condition });
  }
  return text;
}

interface Draw {
  topic: Topic;
  choose: Choices;
  structure: number;
  condition: number;
}

function word(gap: string, draw: Draw): string {
  const { topic, choose } = draw;
  switch (gap) {
    case 'organ':
    case 'adjective':
      return topic[gap];
    case 'structure':
      return at(topic.structures, draw.structure);
    case 'structure2':
      return at(topic.structures, draw.structure + 1);
    case 'condition':
      return at(topic.conditions, draw.condition);
    case 'condition2':
      return at(topic.conditions, draw.condition + 1);
    case 'supply':
      return choose.pick(topic.supply);
    case 'procedure':
      return choose.pick(topic.procedures);
    case 'place':
      return choose.pick(PLACES);
    case 'decade':
      return choose.pick(DECADES);
    case 'percent':
      return `${choose.between(3, 96)} per cent`;
    case 'small':
      return String(choose.between(2, 9));
    case 'size':
      return String(choose.between(4, 60));
    default:
      if (gap === gap.toLowerCase()) throw new RangeError(`No word for {${gap}}`);
      return capital(word(gap.toLowerCase(), draw));
  }
}

function at(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}

interface Piece {
  before: string;
  /** Undefined in the last piece, which is what follows the last gap. */
  gap: string | undefined;
}

const COMPILED = new Map<string, Piece[]>();

/** A full corpus fills a quarter of a million patterns: each is taken apart once. */
function compiled(pattern: string): Piece[] {
  let pieces = COMPILED.get(pattern);
  if (!pieces) {
    const parts = pattern.split(/\{(\w+)\}/);
    pieces = [];
    for (let i = 0; i < parts.length; i += 2) pieces.push({ before: parts[i] ?? '', gap: parts[i + 1] });
    COMPILED.set(pattern, pieces);
  }
  return pieces;
}
