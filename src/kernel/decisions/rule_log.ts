/** The rules that matched since somebody last took them, in order. */
export class RuleLog {
  #rules: string[] = [];

  /** A rule has matched. */
  note(rule: string): void {
    this.#rules.push(rule);
  }

  /** Hands over the rules and forgets them. */
  take(): readonly string[] {
    const rules = this.#rules;
    this.#rules = [];
    return rules;
  }
}
