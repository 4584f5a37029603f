/**
 * A set of node ids, one bit each. Neo4j numbers nodes densely from 0, so that ten million of them take about a
 * megabyte, where a Set would take several hundred.
 */
export class IdSet {
  private bits = new Uint8Array(1024);

  add(id: number): void {
    const byte = Math.floor(id / 8);
    if (byte >= this.bits.length) this.grow(byte + 1);
    this.bits[byte] = (this.bits[byte] ?? 0) | (1 << (id % 8));
  }

  has(id: number): boolean {
    return ((this.bits[Math.floor(id / 8)] ?? 0) & (1 << (id % 8))) !== 0;
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bits.length * 2));
    larger.set(this.bits);
    this.bits = larger;
  }
}
