import { createHash } from 'node:crypto';

export type Side = 'Qdrant' | 'Neo4j';

const SMALLEST = 1024;
const FULLEST = 0.7;
/** A slot's byte counts how often each side has the id: four bits a side, which stop at 15. 0 is an empty slot. */
const MOST = 15;
const SHIFT: Record<Side, number> = { Qdrant: 0, Neo4j: 4 };

/**
 * Which side has which chunk id, in about 20 bytes an id: 64 bits of its SHA-256 and a byte of counts, by open
 * addressing. Among a million ids the chance that any two share those bits is below 1 in 10 million.
 */
export class ChunkTable {
  #size = 0;
  #high = new Uint32Array(SMALLEST);
  #low = new Uint32Array(SMALLEST);
  #counts = new Uint8Array(SMALLEST);

  /** Takes one in, and says how often that side has it now. */
  add(side: Side, chunkId: string): number {
    if (this.#size >= this.#counts.length * FULLEST) this.#grow();
    const [high, low] = hashOf(chunkId);
    const slot = this.#slotOf(high, low);
    const before = this.#counts[slot] ?? 0;
    if (before === 0) this.#size += 1;
    this.#high[slot] = high;
    this.#low[slot] = low;
    const times = Math.min(MOST, ((before >> SHIFT[side]) & MOST) + 1);
    this.#counts[slot] = (before & ~(MOST << SHIFT[side])) | (times << SHIFT[side]);
    return times;
  }

  onlyIn(side: Side, chunkId: string): boolean {
    return isOnly(side, this.#counts[this.#slotOf(...hashOf(chunkId))] ?? 0);
  }

  /** Different ids, by who has them. */
  tally(): { inBoth: number; onlyQdrant: number; onlyNeo4j: number } {
    const found = { inBoth: 0, onlyQdrant: 0, onlyNeo4j: 0 };
    for (const counts of this.#counts) {
      if (counts === 0) continue;
      if (isOnly('Qdrant', counts)) found.onlyQdrant += 1;
      else if (isOnly('Neo4j', counts)) found.onlyNeo4j += 1;
      else found.inBoth += 1;
    }
    return found;
  }

  /** The id's own slot, or the empty one where it belongs. There always is an empty one. */
  #slotOf(high: number, low: number): number {
    const last = this.#counts.length - 1;
    for (let slot = low & last; ; slot = (slot + 1) & last) {
      if (this.#counts[slot] === 0 || (this.#high[slot] === high && this.#low[slot] === low)) return slot;
    }
  }

  #grow(): void {
    const [highs, lows, counts] = [this.#high, this.#low, this.#counts];
    this.#high = new Uint32Array(highs.length * 2);
    this.#low = new Uint32Array(highs.length * 2);
    this.#counts = new Uint8Array(highs.length * 2);
    counts.forEach((count, old) => {
      if (count === 0) return;
      const [high = 0, low = 0] = [highs[old], lows[old]];
      const slot = this.#slotOf(high, low);
      this.#high[slot] = high;
      this.#low[slot] = low;
      this.#counts[slot] = count;
    });
  }
}

function isOnly(side: Side, counts: number): boolean {
  return counts !== 0 && (counts & ~(MOST << SHIFT[side])) === 0;
}

function hashOf(chunkId: string): [high: number, low: number] {
  const digest = createHash('sha256').update(chunkId).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}
