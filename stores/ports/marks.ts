import type { StoreMark, WriterSeen } from '../../domain/consistency';

/** A store that can be asked whether anything was written between two moments. */
export interface Marked {
  /** Equal values of two marks: nothing was written between them. A null value: the store cannot say. */
  mark(): Promise<StoreMark>;
}

export interface MarkedVectors {
  /** As {@link Marked}, of production or of the collection or alias given. A null value where there is none of that name. */
  mark(collection?: string): Promise<StoreMark>;
}

export interface GraphWriters {
  /** Transactions of others that have written, or are allowed to write, at this moment. */
  writers(): Promise<WriterSeen[]>;
}
