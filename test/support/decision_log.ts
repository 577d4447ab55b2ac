import type { Decision, DecisionSink } from "../../src/kernel/decisions/decision.ts";

/** Keeps every decision of a kernel that it is given to as its trace. */
export class DecisionLog implements DecisionSink {
  readonly decisions: Decision[] = [];
  /** For a kernel's `trace`: packets are not kept. */
  readonly trace = { packet: (): void => {}, decisions: this };

  wants(): boolean {
    return true;
  }

  begin(decision: Decision): void {
    this.decisions.push(decision);
  }

  end(): void {}

  /** What one part of the stack has said in a namespace since the log was last emptied: `verdict: changes: why`, empty parts left out. */
  said(netns: string, name: string): string[] {
    return this.decisions
      .filter((decision) => decision.netns === netns && decision.name === name)
      .map(({ verdict, changes, why }) => [verdict, changes.join(", "), why].filter((part) => part !== "").join(": "));
  }

  /** Forgets what was said. */
  clear(): void {
    this.decisions.length = 0;
  }
}
