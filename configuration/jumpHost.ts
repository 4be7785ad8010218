/** The first jump host: all machines are reached through it, so it must answer before Ansible begins. */
import { connect } from "node:net";
import { sshPort } from "../environment/flows.ts";
import { waitFor, type Attempt, type WaitOptions } from "../azure/waiting.ts";

/** Milliseconds for one attempt. */
const patience = 3000;

/** What an SSH server says first (RFC 4253, section 4.2); undefined when nothing of that kind answers. */
export function sshBanner(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patience });
    let heard = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      heard += text;
      if (heard.includes("\n")) socket.destroy();
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    // A refusal is an answer of the wrong kind; `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => resolve(/^SSH-.*/m.exec(heard)?.[0].trim()));
  });
}

/**
 * Waits until SSH answers at the jump host. A load balancer that has just been made hands nothing on yet.
 *
 * @param options With the stack that the jump host is of.
 * @throws Error that names the address and the setting that lets administrators in.
 */
export async function waitForJumpHost(
  host: string,
  options: WaitOptions & { port?: number; stack: string },
): Promise<void> {
  const { port = sshPort, stack } = options;
  const outcome = await waitFor(
    async (): Promise<Attempt<string>> => {
      const banner = await sshBanner(host, port);
      return banner === undefined ? { missing: `SSH at ${host}` } : { value: banner };
    },
    { ...options, progress: (missing) => options.progress(`waiting for ${missing}`) },
  );
  if ("value" in outcome) return;
  throw new Error(
    `no SSH at ${host}, port ${port}, after ${options.timeoutSeconds} s, without which no machine can be reached. ` +
      `Allowed are the addresses in platform:administrators.ranges of stack ${stack}: is the one of this computer among ` +
      `them? Change them with: pulumi config set --stack ${stack} --path 'platform:administrators.ranges[0]' <address>/32`,
  );
}
