/**
 * 0 in the form in which V8 keeps fractions and large integers. A field that begins with it has one form for good. A
 * field that begins with a plain 0 has another one as long as its values are small integers: the first one past 2^31,
 * for a clock after 36 minutes, gives all objects of its class another shape, and code that was compiled for the
 * first shape, wherever it looks at such an object, is thrown away and compiled again.
 */
export const DOUBLE_ZERO: number = new Float64Array(1)[0]!;
