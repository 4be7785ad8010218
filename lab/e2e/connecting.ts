/** What becomes of a request whose connection is on its way to a server that its balancer takes for lost meanwhile. */
import type { Tools } from "../chaos/tools.ts";
import { quoted } from "../shell.ts";
import { haproxyInPython } from "./haproxy.ts";

/**
 * Runs on a balancer as root, with the addresses of two servers. No connection to the first is answered, and the second
 * comes into rotation only after the request has been sent to the first, so that it is under way when the first is marked
 * down.
 */
const script = `${haproxyInPython}
import subprocess, sys, time

lost, other = sys.argv[1:]

def servers():
    return {row["svname"]: row for row in statistics() if not row["# pxname"].endswith("-tunnels")}

def until_up():
    for _ in range(100):
        if all(servers()[server]["status"] == "UP" for server in (lost, other)): return
        time.sleep(0.1)
    raise SystemExit("not all servers are up")

subprocess.run(["systemctl", "restart", "haproxy.service"], check=True)
until_up()
name, port = servers()[lost]["# pxname"], servers()[lost]["addr"].split(":")[1]
drop = f"type filter hook output priority 0; ip daddr {lost} tcp dport {port} drop;"
subprocess.run(["nft", f"table inet lost {{ chain out {{ {drop} }}; }}"], check=True)
try:
    control(f"set server {name}/{other} state drain")
    client = socket.create_connection(("127.0.0.1", int(port)))
    client.settimeout(5)
    client.sendall(b"GET /health HTTP/1.1\\r\\nHost: balancer\\r\\n\\r\\n")
    time.sleep(0.1)
    control(f"set server {name}/{other} state ready")
    control(f"set server {name}/{lost} health down")
    print((client.recv(100) or b"closed").decode().splitlines()[0])
finally:
    subprocess.run(["nft", "delete", "table", "inet", "lost"], check=True)
    control(f"set server {name}/{other} state ready")
    until_up()
`;

/**
 * Loses one of two servers while it is asked, as one of their balancers sees it.
 *
 * @returns the first line of the answer; `closed` where there was none.
 */
export async function answerWhileConnecting(tools: Tools, tier: string): Promise<string> {
  const { machines } = await tools.status();
  const [lost, other] = machines.filter((machine) => machine.tier === tier);
  const balancer = machines.find((machine) => machine.tier === `${tier}-balancer`);
  if (!lost || !other || !balancer) throw new Error(`no two machines of ${tier} with a balancer`);
  return tools.sudo(balancer.name, `python3 -c ${quoted(script)} ${lost.address} ${other.address}`, 60);
}
