/*
 * Collections for what is held once a node: numbers and texts side by side in few large blocks, since an object each
 * would take several times the memory of what it holds.
 */

/** Numbers of 32 bits that are appended. */
export class Int32List {
  #values = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, new Int32Array(this.#length * 2));
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }
}

/** Texts that are appended, as UTF-8. */
export class TextList {
  #bytes = Buffer.allocUnsafe(16 * 1024);
  #used = 0;
  /** Where each text ends. */
  #ends = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(text: string): void {
    const needed = this.#used + Buffer.byteLength(text);
    if (needed > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2)));
    }
    this.#used += this.#bytes.write(text, this.#used, 'utf8');
    if (this.#length === this.#ends.length) this.#ends = grown(this.#ends, new Float64Array(this.#length * 2));
    this.#ends[this.#length++] = this.#used;
  }

  at(index: number): string {
    return this.#bytes.toString('utf8', index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]);
  }
}

/** From ids, which may be any whole number, to places in such lists. */
export class IdMap {
  #ids = new Float64Array(4096).fill(-1);
  #places = new Int32Array(4096);
  #size = 0;

  set(id: number, place: number): void {
    // At most half full, so that a free slot is never far.
    if (2 * this.#size >= this.#ids.length) this.#enlarge();
    const slot = this.#slotOf(id);
    if (this.#ids[slot] === -1) this.#size += 1;
    this.#ids[slot] = id;
    this.#places[slot] = place;
  }

  get(id: number): number | undefined {
    const slot = this.#slotOf(id);
    return this.#ids[slot] === id ? this.#places[slot] : undefined;
  }

  /** Where the id is, or would go. The size is a power of two. */
  #slotOf(id: number): number {
    const mask = this.#ids.length - 1;
    // Ids that follow each other lie side by side; the upper half of a large one is mixed in.
    let slot = (id ^ Math.imul(Math.floor(id / 0x1_0000_0000), 0x9e37_79b1)) & mask;
    while (this.#ids[slot] !== -1 && this.#ids[slot] !== id) slot = (slot + 1) & mask;
    return slot;
  }

  #enlarge(): void {
    const [ids, places] = [this.#ids, this.#places];
    this.#ids = new Float64Array(ids.length * 2).fill(-1);
    this.#places = new Int32Array(ids.length * 2);
    ids.forEach((id, i) => {
      if (id === -1) return;
      const slot = this.#slotOf(id);
      this.#ids[slot] = id;
      this.#places[slot] = places[i] ?? 0;
    });
  }
}

function grown<T extends Int32Array | Float64Array | Buffer>(from: T, larger: T): T {
  larger.set(from);
  return larger;
}
