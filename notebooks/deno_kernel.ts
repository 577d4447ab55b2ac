import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import type { Output } from "./notebook_file.ts";

const PACKAGES = join(import.meta.dirname, "node_modules");
/** The program itself: what npm links to may be a script that starts it, and to end that one would leave Deno running. */
const DENO = join(PACKAGES, "deno", process.platform === "win32" ? "deno.exe" : "deno");
const DELIMITER = "<IDS|MSG>";
/** What no cell prints. */
const MARK = "portfall: end of the cell";
/** How long the kernel may take to answer for the first time, and to end a cell. */
const START_SECONDS = 60;
const CELL_SECONDS = 300;

/** A message from the kernel, as far as it is read. */
interface Message {
  readonly type: string;
  readonly parent: string | undefined;
  readonly content: Readonly<Record<string, unknown>>;
}

/** A cell that ended in an error, as the kernel tells it. */
export class CellError extends Error {
  override readonly name = "CellError";
}

/** A Deno process that runs the cells of one notebook, spoken to by Jupyter's protocol over the loopback interface. */
export class DenoKernel {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #key: string;
  readonly #shell = new Dealer({ linger: 0 });
  readonly #iopub = new Subscriber({ linger: 0 });
  #stderr = "";
  readonly #kill = (): void => void this.#process.kill("SIGKILL");

  private constructor(child: ChildProcess, folder: string, key: string) {
    this.#process = child;
    this.#folder = folder;
    this.#key = key;
    child.stderr?.on("data", (chunk: Buffer) => (this.#stderr = `${this.#stderr}${chunk.toString()}`.slice(-2_000)));
    // Whoever waits for a message of a kernel that is gone is told so.
    child.once("exit", () => this.#iopub.close());
    process.once("exit", this.#kill);
  }

  /**
   * Starts a kernel.
   *
   * @param folder the notebook's, against which its imports are resolved.
   */
  static async start(folder: string): Promise<DenoKernel> {
    // The package puts the program in its place when it is installed, unless npm runs no scripts.
    if (!existsSync(DENO)) execFileSync(process.execPath, [join(PACKAGES, "deno/install.cjs")]);
    const own = mkdtempSync(join(tmpdir(), "portfall-notebook-"));
    const [shell, iopub, stdin, control, heartbeat] = await freePorts(5);
    const key = randomUUID();
    const connection = { transport: "tcp", ip: "127.0.0.1", key, signature_scheme: "hmac-sha256" };
    const ports = {
      shell_port: shell,
      iopub_port: iopub,
      stdin_port: stdin,
      control_port: control,
      hb_port: heartbeat,
    };
    const file = join(own, "connection.json");
    writeFileSync(file, JSON.stringify({ ...connection, ...ports }));
    const child = spawn(DENO, ["jupyter", "--kernel", "--conn", file], {
      cwd: folder,
      // What Deno keeps between two runs stays within the packages' folder.
      env: { ...process.env, NO_COLOR: "1", DENO_DIR: join(PACKAGES, ".deno-cache") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const kernel = new DenoKernel(child, own, key);
    await kernel.#connect(`tcp://127.0.0.1:${shell}`, `tcp://127.0.0.1:${iopub}`).catch(async (error: unknown) => {
      await kernel.close();
      throw error;
    });
    return kernel;
  }

  /**
   * Runs a cell.
   *
   * @returns its outputs, in nbformat's shape: first what it printed, then what it showed.
   * @throws CellError with the kernel's message and trace if the cell does.
   */
  async run(code: string): Promise<readonly Output[]> {
    const outputs: Output[] = [];
    await this.#execute(code, outputs, () => true);
    // Deno may publish outputs after it has told that the cell is over. Those of a second cell come behind them.
    await this.#execute(`console.log("${MARK}"); console.error("${MARK}"); "${MARK}";`, outputs, isMarked);
    return storedOutputs(outputs);
  }

  /** Runs code and collects what is published, until the kernel is idle and the outputs are complete. */
  async #execute(code: string, outputs: Output[], isComplete: (outputs: readonly Output[]) => boolean): Promise<void> {
    const flags = { silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true };
    const request = await this.#send("execute_request", { code, ...flags });
    this.#iopub.receiveTimeout = CELL_SECONDS * 1_000;
    let isIdle = false;
    while (!isIdle || !isComplete(outputs)) {
      const { type, parent, content } = await this.#receive();
      isIdle ||= type === "status" && parent === request && content["execution_state"] === "idle";
      if (type === "error") throw new CellError(errorText(content));
      const output = outputOf(type, content);
      if (output !== undefined) outputs.push(output);
    }
  }

  /** Ends the process and gives everything back. */
  async close(): Promise<void> {
    const isOver = this.#process.exitCode !== null || this.#process.signalCode !== null;
    const exit = isOver ? undefined : new Promise((resolve) => this.#process.once("exit", resolve));
    this.#kill();
    process.off("exit", this.#kill);
    await exit;
    this.#shell.close();
    this.#iopub.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Asks until the answer is heard: whoever subscribes misses what was published before. */
  async #connect(shell: string, iopub: string): Promise<void> {
    this.#shell.connect(shell);
    this.#iopub.connect(iopub);
    this.#iopub.subscribe();
    this.#iopub.receiveTimeout = 250;
    for (let tries = 0; tries < START_SECONDS * 4; tries += 1) {
      await this.#send("kernel_info_request", {});
      const isHeard = await this.#iopub.receive().then(
        () => true,
        () => false,
      );
      if (isHeard) return;
      if (this.#iopub.closed) break;
    }
    throw new Error(`The Deno kernel did not answer: ${this.#stderr.trim() || "it said nothing"}`);
  }

  /** @returns the number by which answers name the request. */
  async #send(type: string, content: object): Promise<string> {
    const id = randomUUID();
    const header = { msg_id: id, session: this.#key, username: "", date: "", msg_type: type, version: "5.3" };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", this.#key).update(parts.join("")).digest("hex");
    await this.#shell.send([DELIMITER, signature, ...parts]);
    return id;
  }

  async #receive(): Promise<Message> {
    const frames = await this.#iopub.receive().catch((cause: unknown) => {
      const why = this.#iopub.closed ? `ended: ${this.#stderr.trim()}` : `was silent for ${CELL_SECONDS} s`;
      throw new CellError(`the Deno kernel ${why}`, { cause });
    });
    const texts = frames.map((frame) => frame.toString());
    const [header, parent, , content] = texts.slice(texts.indexOf(DELIMITER) + 2).map(recordOf);
    return { type: textOf(header?.["msg_type"]), parent: textOf(parent?.["msg_id"]), content: content ?? {} };
  }
}

function outputOf(type: string, content: Message["content"]): Output | undefined {
  if (type === "stream") return { output_type: type, name: content["name"], text: content["text"] };
  if (type !== "display_data" && type !== "execute_result") return undefined;
  return { output_type: type, data: content["data"], metadata: {} };
}

/** Whether the marks of the second cell have come on every way that outputs take. */
function isMarked(outputs: readonly Output[]): boolean {
  const isShown = outputs.some(isMark);
  return isShown && ["stdout", "stderr"].every((name) => printed(outputs, name).includes(MARK));
}

function isMark({ output_type, data }: Output): boolean {
  return output_type === "execute_result" && JSON.stringify(data).includes(MARK);
}

/** All that was printed on one of the two ways. */
function printed(outputs: readonly Output[], name: string): string {
  const pieces = outputs.filter((output) => output.output_type === "stream" && output["name"] === name);
  return pieces.map(({ text }) => textOf(text)).join("");
}

/** Outputs without the marks. Texts are stored line by line, as Jupyter does: a change of one line is one in the file. */
function storedOutputs(outputs: readonly Output[]): readonly Output[] {
  const streams = ["stdout", "stderr"].flatMap((name): Output[] => {
    const text = printed(outputs, name).replace(`${MARK}\n`, "");
    return text === "" ? [] : [{ output_type: "stream", name, text: linesOf(text) }];
  });
  const shown = outputs.filter((output) => output.output_type !== "stream" && !isMark(output));
  return [...streams, ...shown.map(storedOutput)];
}

function storedOutput({ data, ...output }: Output): Output {
  const entries = typeof data === "object" && data !== null ? Object.entries(data) : [];
  const stored = entries.map(([type, value]) => [type, type.startsWith("text/") ? linesOf(value) : value] as const);
  return { ...output, data: Object.fromEntries(stored) };
}

function linesOf(text: unknown): readonly string[] {
  return textOf(text).split(/(?<=\n)/);
}

function errorText(content: Message["content"]): string {
  const trace = content["traceback"];
  const lines = Array.isArray(trace) ? trace.map(String).join("\n") : "";
  const what = `${textOf(content["ename"])}: ${textOf(content["evalue"])}`;
  return lines.startsWith(what) ? lines : `${what}\n${lines}`.trimEnd();
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function recordOf(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** Ports of the loopback interface on which nobody listens. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map((server) => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      return new Promise<number>((resolve) => server.close(() => resolve(port)));
    }),
  );
}
