/** Unsigned LEB128 numbers of up to 32 bits, in their shortest form. */

/** A byte buffer that grows as numbers are written to it. */
export class VarintWriter {
  private bytes: Uint8Array;
  private length = 0;

  constructor(capacity = 64) {
    this.bytes = new Uint8Array(capacity);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow();
    this.bytes[this.length++] = value;
  }

  varint(value: number): void {
    if (this.length + 5 > this.bytes.length) this.grow();
    while (value >= 0x80) {
      this.bytes[this.length++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.bytes[this.length++] = value;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length) as Uint8Array<ArrayBuffer>;
  }

  private grow(): void {
    const larger = new Uint8Array(2 * this.bytes.length + 8);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

export type VarintFault = "number" | "bits" | "shortest";

/** Reads what `VarintWriter` wrote; `fail` is called (and must throw) on anything else. */
export class VarintReader {
  offset: number;
  private readonly bytes: Uint8Array;
  private readonly fail: (fault: VarintFault) => never;

  constructor(bytes: Uint8Array, offset: number, fail: (fault: VarintFault) => never) {
    this.bytes = bytes;
    this.offset = offset;
    this.fail = fail;
  }

  get done(): boolean {
    return this.offset >= this.bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let k = 0; k < 5; k++) {
      if (this.offset >= this.bytes.length) this.fail("number");
      const byte = this.bytes[this.offset++];
      if (k === 4 && byte > 0x0f) this.fail("bits");
      value += (byte & 0x7f) * 2 ** (7 * k);
      if (byte < 0x80) {
        if (byte === 0 && k > 0) this.fail("shortest");
        return value;
      }
    }
    return this.fail("bits");
  }
}
