/** The few requests that the lab itself sends to Azurite. */
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { storageSuffix } from "../serviceNames.ts";
import { azuriteToken } from "./azuriteToken.ts";

export interface ContainerChange {
  account: string;
  /** Absent: all that the account has. */
  container?: string;
}

export interface ContainersInput {
  port: number;
  method: "PUT" | "DELETE";
  changes: readonly ContainerChange[];
}

/** Makes or removes containers; what is there, or gone, already is well. */
export async function changeContainers({ port, method, changes }: ContainersInput): Promise<void> {
  for (const { account, container } of changes) {
    const names = container === undefined ? await containersOf(account, port) : [container];
    for (const name of names) {
      const { status, body } = await ask(method, account, `/${name}?restype=container`, port);
      if (status >= 300 && status !== (method === "PUT" ? 409 : 404))
        throw new Error(`${method} of container ${name} of ${account}: ${status} ${body}`);
    }
  }
}

async function containersOf(account: string, port: number): Promise<string[]> {
  const { status, body } = await ask("GET", account, "/?comp=list", port);
  if (status !== 200) throw new Error(`containers of ${account}: ${status} ${body}`);
  return [...body.matchAll(/<Container><Name>([^<]+)</g)].map(([, name]) => name!);
}

function ask(method: string, account: string, path: string, port: number): Promise<{ status: number; body: string }> {
  const headers = {
    host: `${account}.blob.${storageSuffix}`,
    authorization: `Bearer ${azuriteToken()}`,
    "x-ms-version": "2024-11-04",
  };
  // Nobody else is in its namespace; it takes tokens over TLS only.
  const target = { host: "127.0.0.1", port, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const sent = request({ ...target, method, path, headers, agent: false }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 500, body }), reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}
