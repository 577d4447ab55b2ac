import { Protocol } from "../kernel/packet.ts";
import type { SocketOwner } from "../kernel/tcp/socket_owner.ts";
import { SECOND } from "../units.ts";
import type { CaseActionOf } from "./action_schema.ts";
import { readAddress } from "./case_address.ts";
import { ClientSocket } from "./case_clients.ts";
import type { CaseRun } from "./case_run.ts";

type HoldAction = CaseActionOf<"hold">;

/** How long a holder waits for its connection. */
const CONNECT_MOST = 10 * SECOND;

/** A listening socket that answers nothing. */
const SILENT: SocketOwner = {
  connected() {},
  accepted() {},
  received() {},
  peerClosed() {},
  failed() {},
};

/**
 * Performs a `hold`: a socket that is bound, listens or is connected until it is closed.
 */
export function performHold(run: CaseRun, action: HoldAction, done: () => void): void {
  if (protocolOf(action) === Protocol.UDP) {
    holdDatagrams(run, action);
    done();
  } else if (action.connect === undefined) {
    holdBound(run, action);
    done();
  } else holdConnected(run, action, action.connect, done);
}

function protocolOf({ protocol }: HoldAction): number {
  return protocol === "udp" ? Protocol.UDP : Protocol.TCP;
}

/** A UDP socket that reads what comes and answers nothing. */
function holdDatagrams(run: CaseRun, action: HoldAction): void {
  const { udp } = run.machine;
  const socket = udp.socket(run.netns(action.netns), { received() {}, failed() {} });
  const { address, port } = action.bind ?? { address: "0.0.0.0", port: 0 };
  const place = { address: readAddress(address), port, hasReuseAddress: action.so_reuseaddr };
  let outcome = action.bind === undefined ? 0 : udp.bind(socket, place);
  if (outcome === 0 && action.connect !== undefined)
    outcome = udp.connect(socket, readAddress(action.connect[0]), action.connect[1]);
  if (outcome === 0) run.holders.set(action.id, () => udp.close(socket));
}

function holdBound(run: CaseRun, action: HoldAction): void {
  const { tcp } = run.machine;
  const slot = tcp.socket(run.netns(action.netns), SILENT, 0);
  const { address, port } = action.bind ?? { address: "0.0.0.0", port: 0 };
  const place = {
    address: readAddress(address),
    port,
    hasReuseAddress: action.so_reuseaddr,
    hasReusePort: action.so_reuseport,
  };
  const bound = action.bind === undefined ? 0 : tcp.bind(slot, place);
  const outcome = bound === 0 && action.listen ? tcp.listen(slot) : bound;
  if (outcome === 0) run.holders.set(action.id, () => tcp.close(slot));
  else tcp.destroy(slot);
}

function holdConnected(run: CaseRun, action: HoldAction, to: readonly [string, number], done: () => void): void {
  const finish = (): void => {
    run.alarms.cancel(alarm);
    if (typeof client !== "string") {
      client.events = {};
      run.holders.set(action.id, () => client.close("fin"));
    }
    done();
  };
  const alarm = run.alarms.after(CONNECT_MOST, finish);
  const { bind } = action;
  const client = ClientSocket.open(
    run,
    {
      netns: run.netns(action.netns),
      to,
      bind: bind && { address: bind.address, port: bind.port, reuseAddress: action.so_reuseaddr },
    },
    { connected: finish, ended: finish },
  );
  if (typeof client === "string") finish();
}
