/** Text as HTML shows it, as an element's text or a quoted attribute: no character of it is markup. */
export function htmlText(text: string): string {
  return visibleText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Running text: numbers such as 2.19e-4 and ranges such as 1024-65000 stay on one line. */
export function htmlProse(text: string): string {
  return htmlText(text).replaceAll(/(?<![\w.-])[0-9][0-9.]*(?:e-|-)[0-9]+(?![\w-])/g, '<span class="nb">$&</span>');
}

/** A name such as net.ipv4.ip_local_port_range, which may be broken behind its dots and underscores. */
export function htmlName(text: string): string {
  return htmlText(text).replaceAll(/(?<=[a-z0-9])[._](?=[a-z])/gi, "$&<wbr>");
}

/**
 * Text without what browsers drop or refuse: control characters but tab and line feed, halves of surrogate pairs, and
 * characters that turn the direction of the text around them. Each becomes the replacement character.
 */
export function visibleText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\t\n]|\p{Cs}|[\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** JSON that may stand in a script element: nothing in it ends the element, whatever its strings hold. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", String.raw`\u003c`)
    .replaceAll(">", String.raw`\u003e`)
    .replaceAll("&", String.raw`\u0026`)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}

/** A script that may stand in a script element: what would end or upset the element is written otherwise. */
export function scriptText(code: string): string {
  return code.replaceAll(/<(?=\/script)/gi, String.raw`\x3c`).replaceAll("<!--", String.raw`\x3c!--`);
}
