import * as fc from "fast-check";

/** Pieces that end elements, strings, comments and code blocks, or upset a parser. */
const PIECES = [
  "</script>",
  "</SCRIPT >",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<!--",
  "-->",
  "]]>",
  "</title></style></pre></svg>",
  '"',
  "'",
  "`",
  "```",
  "&lt;",
  "&#60;",
  "\\",
  "${x}",
  "$&",
  "\u0000",
  "\u0008",
  "\u001b[31m",
  "\u0085",
  "\u2028",
  "\u202e",
  "\ud800",
  "\uffff",
  "|",
  "\n",
  "\r\n# x",
  "javascript:alert(1)",
  "http://x.example/",
  "@team",
  "a_b",
  "*b*",
  "[c](d)",
] as const;

/** Text that tries to be more than text. */
export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 8 })
  .map((pieces) => pieces.join(""));
