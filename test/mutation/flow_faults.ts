import type { Fault } from "./fault.ts";

/** Faults in what carries whole connections. */
export const FLOW_FAULTS: readonly Fault[] = [
  {
    wrong: "An entry without a row is collected a second late.",
    file: "kernel/flow/deferred_connections.ts",
    find: "kind.ends.expires > now) return;",
    replace: "kind.ends.expires + 1_000_000 > now) return;",
  },
  {
    wrong: "A TIME_WAIT entry without a row counts for ever.",
    file: "kernel/flow/deferred_connections.ts",
    find: "        timeWaits.countDeferred(kind.client, -1);\n      }\n      this.#firstWaiting += 1;",
    replace: "      }\n      this.#firstWaiting += 1;",
  },
  {
    wrong: "A TIME_WAIT entry without a row ends only once another one without a row has come.",
    file: "kernel/flow/deferred_connections.ts",
    find: "if (this.#firstWaiting === number) timeWaits.deferredDue",
    replace: "if (this.#firstWaiting === number - 1) timeWaits.deferredDue",
  },
  {
    wrong: "A connection that leaves another conntrack entry behind is taken for one of the same shape.",
    file: "kernel/flow/exchange_facts.ts",
    find: "    areAllAlike(one.entries, other.entries, isSameEntry)",
    replace: "    one.entries.length === other.entries.length",
  },
  {
    wrong: "A TIME_WAIT entry without a row keeps its port for ever.",
    file: "kernel/flow/deferred_connections.ts",
    find: "kind.client.ports.removeOwner(this.#ports[row]!, false, forgets);",
    replace: "",
  },
  {
    wrong: "An entry without a row is not found by its reply tuple.",
    file: "kernel/flow/deferred_connections.ts",
    find: "if (number < 0) number = this.#find(dst, src, reversePorts(ports));",
    replace: "",
  },
  {
    wrong: "A TIME_WAIT entry without a row is found in any namespace.",
    file: "kernel/flow/deferred_connections.ts",
    find: "if (number < this.#firstWaiting || this.#kinds[number & this.#mask]!.client !== netns) return false;",
    replace: "if (number < this.#firstWaiting) return false;",
  },
  {
    wrong: "Chains are lost when there is more room.",
    file: "kernel/flow/deferred_connections.ts",
    find: "      this.#youngest[chain] = number;\n    }\n  }",
    replace: "    }\n  }",
  },
  {
    wrong: "A row that is made late is in TIME_WAIT again after that is over.",
    file: "kernel/flow/deferred_connections.ts",
    find: "const isWaiting = number >= this.#firstWaiting;",
    replace: "const isWaiting = true;",
  },
  {
    wrong: "The server of a carried connection takes its number as the client begins.",
    file: "kernel/flow/exchange_ends.ts",
    find: "begins + this.#synArrives",
    replace: "begins",
  },
  {
    wrong: "A connection whose conntrack entry follows another one is deferred with it.",
    file: "kernel/flow/exchange.ts",
    find: " || ends.replaces || !this.#deferred",
    replace: " || !this.#deferred",
  },
  {
    wrong: "Garbage collection of a table that is nearly full does not see entries without rows.",
    file: "kernel/conntrack/garbage_collection.ts",
    find: "  if (isTight) deferred?.recallAll();\n",
    replace: "",
  },
  {
    wrong: "A bind does not see TIME_WAIT entries without rows.",
    file: "kernel/tcp/bind_conflict.ts",
    find: "    deferred?.recallAll();\n",
    replace: "",
  },
  {
    wrong: "A flow keeps its route though routes have changed.",
    file: "kernel/flow/flow_path.ts",
    find: "if (flow.changes !== group.changes || flow.sinceAudit === AUDIT_EVERY) return false;",
    replace: "if (flow.sinceAudit === AUDIT_EVERY) return false;",
  },
  {
    wrong: "The port of a connection that is not carried after all is picked a second time.",
    file: "kernel/ports/port_allocator.ts",
    find: "    this.#isKept = true;",
    replace: "",
  },
  {
    wrong: "A port is taken for unknown as soon as one of the entries that name it is gone.",
    file: "kernel/ports/port_counts.ts",
    find: "if (count === 0) this.#named.clear(port);",
    replace: "if (change < 0) this.#named.clear(port);",
  },
  {
    wrong: "Ports are not known of entries that were there before somebody asked.",
    file: "kernel/conntrack/entry_ports.ts",
    find: "      counts.add(table.ports(node), 1);",
    replace: "      counts.has(table.ports(node));",
  },
  {
    wrong: "Sockets that were there before somebody asked are not known by their ports.",
    file: "kernel/tcp/socket_table.ts",
    find: "if (this.has(slot, SocketFlag.HASHED)) this.#portCounts.add(this.ports(slot), 1);",
    replace: "",
  },
  {
    wrong: "One connection of a shape is watched before others are carried.",
    file: "kernel/flow/exchange_shape.ts",
    find: "const WATCHED = 3;",
    replace: "const WATCHED = 1;",
  },
  {
    wrong: "A connection of a known shape is taken to follow its rules.",
    file: "kernel/flow/exchange_shape.ts",
    find: "return this.#rules.hold(facts);",
    replace: "return true;",
  },
];
