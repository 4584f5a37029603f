const DIGEST_BYTES = 16;

/** Numbers that are appended, ids above all. */
export class NumberList {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const values = this.#values;
      this.#values = new Float64Array(this.#length * 2);
      this.#values.set(values);
    }
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return this.#values[index] ?? NaN;
  }
}

/**
 * A multiset of digests, each with the id of the node or relationship that has it. First everything is added, then
 * counterparts are taken out of it one by one; what is left has none. Some forty bytes an item: half a digest is
 * still more than chance can match.
 */
export class Matcher {
  #bytes = Buffer.allocUnsafe(1024 * DIGEST_BYTES);
  #ids = new NumberList();
  /** Places by digest, then id. */
  #order = new Uint32Array(0);
  /** In that order, the first four bytes of the digests: most comparisons need no more. */
  #first = new Uint32Array(0);
  #taken = new Uint8Array(0);
  /** By position in the order, where a run of equal digests begins: how many of it were passed over or taken. */
  #passed = new Uint32Array(0);
  #matched = 0;

  /** Items that no counterpart was found for. */
  get left(): number {
    return this.#size - this.#matched;
  }

  /** Takes the first half of a SHA-256. Places are given from 0 on, in the order of adding. */
  add(digest: Uint8Array, id: number): void {
    const at = this.#ids.length * DIGEST_BYTES;
    if (at === this.#bytes.length) {
      const bytes = this.#bytes;
      this.#bytes = Buffer.allocUnsafe(at * 2);
      this.#bytes.set(bytes);
    }
    this.#bytes.set(digest.subarray(0, DIGEST_BYTES), at);
    this.#ids.push(id);
  }

  idAt(place: number): number {
    return this.#ids.at(place);
  }

  get #size(): number {
    return this.#ids.length;
  }

  /** The place of the item that has both; undefined where there is none, or it is taken. */
  takeExact(digest: Uint8Array, id: number): number | undefined {
    this.#settle();
    const position = this.#search(digest, id);
    const place = this.#order[position];
    if (place === undefined || this.#taken[place] === 1) return undefined;
    return this.#compareWith(digest, place) === 0 && this.idAt(place) === id ? this.#take(place) : undefined;
  }

  /** The place of any item that has this digest and is not taken, lowest id first. */
  take(digest: Uint8Array): number | undefined {
    this.#settle();
    const begin = this.#search(digest, -1);
    for (let position = begin + (this.#passed[begin] ?? 0); position < this.#size; position++) {
      const place = this.#order[position] ?? 0;
      if (this.#compareWith(digest, place) !== 0) return undefined;
      this.#passed[begin] = position - begin + 1;
      if (this.#taken[place] !== 1) return this.#take(place);
    }
    return undefined;
  }

  /** Counts an item as matched that was found by other means. */
  takeAt(place: number): void {
    this.#settle();
    this.#take(place);
  }

  /** Whether the item at this place has no counterpart yet. */
  isLeft(place: number): boolean {
    return this.#taken[place] !== 1;
  }

  *leftPlaces(): Generator<number> {
    for (let place = 0; place < this.#size; place++) if (this.#taken[place] !== 1) yield place;
  }

  *leftIds(): Generator<number> {
    for (const place of this.leftPlaces()) yield this.idAt(place);
  }

  #take(place: number): number {
    this.#taken[place] = 1;
    this.#matched += 1;
    return place;
  }

  /** Puts all in order once the last one was added, and only where a counterpart is asked for at all. */
  #settle(): void {
    if (this.#order.length === this.#size) return;
    const first = new Uint32Array(this.#size).map((_, place) => this.#firstOf(this.#bytes, place * DIGEST_BYTES));
    this.#order = new Uint32Array(this.#size).map((_, place) => place);
    this.#order.sort((a, b) => (first[a] ?? 0) - (first[b] ?? 0) || this.#compare(a, b) || this.idAt(a) - this.idAt(b));
    this.#first = this.#order.map((place) => first[place] ?? 0);
    this.#taken = new Uint8Array(this.#size);
    this.#passed = new Uint32Array(this.#size);
  }

  /** The first position that does not come before this digest with this id. */
  #search(digest: Uint8Array, id: number): number {
    const wanted = this.#firstOf(digest, 0);
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const place = this.#order[middle] ?? 0;
      const ahead = wanted - (this.#first[middle] ?? 0) || this.#compareWith(digest, place) || id - this.idAt(place);
      if (ahead > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstOf(bytes: Uint8Array, at: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  #compare(a: number, b: number): number {
    const [from, to] = [a * DIGEST_BYTES, b * DIGEST_BYTES];
    return this.#bytes.compare(this.#bytes, to, to + DIGEST_BYTES, from, from + DIGEST_BYTES);
  }

  #compareWith(digest: Uint8Array, place: number): number {
    const from = place * DIGEST_BYTES;
    // Negated: the buffer at hand is the one that is compared with.
    return -this.#bytes.compare(digest, 0, DIGEST_BYTES, from, from + DIGEST_BYTES);
  }
}
