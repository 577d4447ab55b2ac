import type { RunDocument } from "../../study/run_document.ts";
import type { WantedConnection } from "../../study/find_connection.ts";
import type { BootWatch } from "./boot_pool.ts";
import type { StudiedScenario, StudyPlace } from "./lab_study.ts";

/** Has one connection of a study told: the first failure that is known of, or at the end a probe that succeeds. */
export class LabStory {
  readonly #studied: StudiedScenario & { readonly digest: string };
  readonly #place: StudyPlace;
  readonly #watch: BootWatch = {};
  #isAsked = false;
  #isStopped = false;

  constructor(studied: StudiedScenario & { readonly digest: string }, place: StudyPlace) {
    this.#studied = studied;
    this.#place = place;
  }

  /** Ends it; nothing more is said. */
  stop(): void {
    this.#isStopped = true;
    this.#place.tellers.drop(this.#watch);
  }

  /** Asks for the story of the first failure, once there is one. */
  tellIfFailed(document: RunDocument): void {
    if (this.#isAsked) return;
    const [first] = document.firstFailures;
    if (first !== undefined) {
      this.#tell({ number: "first-failure" }, [first.replication]);
      return;
    }
    // Workloads do not say in which boot they failed: the first is as good as any, since it is simulated first.
    const failing = document.workloads.find(({ failed }) => failed > 0);
    if (failing !== undefined) this.#tell({ number: "first-failure", workload: failing.name }, this.#all());
  }

  /** Asks for the story of a success where nothing has failed. */
  tellAtEnd(document: RunDocument): void {
    if (this.#isAsked) return;
    if (document.probes.total > 0) this.#tell({ number: 1 }, [0]);
    else this.#place.say({ kind: "no-story", why: "No probe was sent: there is no handshake to show." });
  }

  #all(): readonly number[] {
    return Array.from({ length: this.#studied.scenario.replications }, (_, index) => index);
  }

  #tell(wanted: WantedConnection, replications: readonly number[]): void {
    this.#isAsked = true;
    void this.#ask(wanted, replications);
  }

  async #ask(wanted: WantedConnection, replications: readonly number[]): Promise<void> {
    const { tellers, say } = this.#place;
    const { scenario, file, digest, overrides } = this.#studied;
    try {
      const request = { scenario: { ...scenario, variants: [], expect: [], audit: undefined }, wanted, replications };
      const story = await tellers.tell({ ...request, file, digest, overrides }, this.#watch);
      if (this.#isStopped) return;
      if (story === undefined)
        say({ kind: "no-story", why: "The connection ended too late to be told: simulate longer." });
      else say({ kind: "story", story });
    } catch (error) {
      if (this.#isStopped) return;
      say({
        kind: "no-story",
        why: `The story could not be told: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }
}
