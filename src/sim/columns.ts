/** A longer copy of a column of signed 32-bit integers. */
export function longerInt32(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(capacity);
  copy.set(column);
  return copy;
}

/** A longer copy of a column of bytes. */
export function longerUint8(column: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(capacity);
  copy.set(column);
  return copy;
}

/** A longer copy of a column of moments or durations. */
export function longerFloat64(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(capacity);
  copy.set(column);
  return copy;
}
