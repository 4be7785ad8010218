/** Real packets between namespaces; stand-ins instead of machines. Needs root. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { azureNameServers } from "../serviceNames.ts";
import { metadataHeaders, type BalancingRule, type Probe, type VirtualNetwork } from "../world.ts";
import { run } from "./host.ts";
import { inIsolation } from "./testing/isolated.ts";
import { inside } from "./namespace.ts";
import { Networks } from "./networks.ts";
import { ask, namespaceOf, StandIn, until } from "./testing/standIn.ts";
import { defaultRules, machine, rule, world } from "./testing/world.ts";
import { internet, netnsName, outside } from "./names.ts";

const allowFront = rule({
  name: "front",
  priority: 100,
  direction: "Inbound",
  access: "Allow",
  protocol: "tcp",
  sources: ["10.20.1.0/24"],
  destinationPorts: ["4000"],
});
const denyInbound = rule({ name: "deny", priority: 4096, direction: "Inbound", access: "Deny" });
const denyMetadata = rule({
  name: "metadata",
  priority: 100,
  direction: "Outbound",
  access: "Deny",
  destinations: ["169.254.0.0/16"],
});
const allowProbe = rule({
  name: "probe",
  priority: 4000,
  direction: "Inbound",
  access: "Allow",
  sources: ["AzureLoadBalancer"],
});
const network: VirtualNetwork = {
  id: "/vnet/dev",
  name: "vnet-dev",
  prefixes: ["10.20.0.0/16"],
  peers: ["/vnet/tools"],
  subnets: [
    {
      id: "/subnet/proxy",
      name: "proxy",
      prefix: "10.20.0.0/24",
      natAddress: "198.51.100.40",
      rules: [
        rule({
          name: "web",
          priority: 100,
          direction: "Inbound",
          access: "Allow",
          protocol: "tcp",
          sources: ["Internet"],
          destinationPorts: ["80"],
        }),
        rule({
          name: "tools",
          priority: 110,
          direction: "Inbound",
          access: "Allow",
          protocol: "tcp",
          sources: ["10.30.0.0/24"],
          destinationPorts: ["80", "22"],
        }),
        allowProbe,
        denyInbound,
        ...defaultRules,
      ],
    },
    {
      id: "/subnet/front",
      name: "front",
      prefix: "10.20.1.0/24",
      natAddress: "198.51.100.40",
      rules: [allowProbe, denyInbound, ...defaultRules],
    },
    {
      id: "/subnet/back",
      name: "back",
      prefix: "10.20.2.0/24",
      rules: [allowFront, allowProbe, denyInbound, denyMetadata, ...defaultRules],
    },
  ],
};
const tools: VirtualNetwork = {
  id: "/vnet/tools",
  name: "vnet-tools",
  prefixes: ["10.30.0.0/16"],
  peers: ["/vnet/dev"],
  subnets: [
    {
      id: "/subnet/tools",
      name: "tools",
      prefix: "10.30.0.0/24",
      rules: [
        rule({
          name: "ssh",
          priority: 100,
          direction: "Outbound",
          access: "Deny",
          protocol: "tcp",
          destinations: ["10.20.0.0/24"],
          destinationPorts: ["22"],
        }),
        ...defaultRules,
      ],
    },
  ],
};
const proxy = machine(network, 0, "10.20.0.4");
const front = machine(network, 1, "10.20.1.4");
const front2 = machine(network, 1, "10.20.1.5");
const back = machine(network, 2, "10.20.2.4");
const back2 = machine(network, 2, "10.20.2.5");
const tool = machine(tools, 0, "10.30.0.4");
const probe: Probe = { id: "/lb/probe", protocol: "http", port: 4000, path: "/health", interval: 0.2, threshold: 2 };
const backRule: BalancingRule = {
  name: "back",
  protocol: "tcp",
  address: "10.20.2.254",
  public: false,
  port: 4000,
  backendPort: 4000,
  networkId: network.id,
  members: [back.id, back2.id],
  probe,
  distribution: "Default",
};
const publicRule: BalancingRule = {
  name: "web",
  protocol: "tcp",
  address: "198.51.100.41",
  public: true,
  port: 80,
  backendPort: 80,
  networkId: network.id,
  members: [proxy.id],
  distribution: "Default",
};
/** Of the same member and port as the public one. */
const entryRule: BalancingRule = { ...publicRule, name: "entry", address: "10.20.0.254", public: false };
/** Its only member calls it, too. */
const toolRule: BalancingRule = {
  name: "tool",
  protocol: "tcp",
  address: "10.30.0.254",
  public: false,
  port: 80,
  backendPort: 8080,
  networkId: tools.id,
  members: [tool.id],
  distribution: "SourceIP",
};
const dev = world({
  networks: [network, tools],
  machines: [proxy, front, front2, back, back2, tool],
  loadBalancers: [
    { id: "/lb/back", name: "lbi-back", tags: {}, rules: [backRule] },
    { id: "/lb/tool", name: "lbi-tool", tags: {}, rules: [toolRule] },
    { id: "/lb/public", name: "lbe", tags: {}, rules: [publicRule] },
    { id: "/lb/entry", name: "lbi-proxy", tags: {}, rules: [entryRule] },
  ],
  publicAddresses: [{ id: "/pip", name: "pip", address: "198.51.100.41", networkId: network.id }],
  zones: [
    {
      id: "/zone/private",
      name: "dev.chatbot.internal",
      private: true,
      networkIds: [network.id],
      records: [{ name: "back", type: "A", ttl: 60, values: ["10.20.2.254"] }],
    },
    {
      id: "/zone/linked",
      name: "tools.chatbot.internal",
      private: true,
      networkIds: [network.id, tools.id],
      records: [{ name: "reverse-proxy", type: "A", ttl: 60, values: ["10.30.0.254"] }],
    },
    {
      id: "/zone/public",
      name: "dev.chatbot.example",
      private: false,
      networkIds: [],
      records: [
        {
          name: "@",
          type: "SOA",
          ttl: 3600,
          values: ["ns1-01.azure-dns.com. azuredns-hostmaster.microsoft.com. 1 3600 300 2419200 300"],
        },
        { name: "@", type: "NS", ttl: 172800, values: azureNameServers() },
        { name: "www", type: "A", ttl: 60, values: ["198.51.100.41"] },
      ],
    },
  ],
});

await inIsolation(import.meta.filename, () => {
  const stateDir = mkdtempSync(join(tmpdir(), "lab-test-"));
  const metadataSocket = join(stateDir, "metadata.sock");
  const packageHosts = { names: ["registry.example"], addresses: [] };
  const networks = new Networks({ stateDir, metadataSocket, packageHosts, log: console.error });
  const standIns: StandIn[] = [];
  let upstreamResolver: ChildProcess | undefined;
  let backServer: StandIn;
  let backServer2: StandIn;
  const upOf = (id: string) => networks.probes().find(({ machineId }) => machineId === id)?.up;
  const start = async (namespace: string, port: number, name: string) => {
    const standIn = await StandIn.start(namespace, port, name);
    standIns.push(standIn);
    return standIn;
  };
  const lookUp = async (namespace: string, server: string, name: string) =>
    (
      await run([
        ...inside(namespace),
        process.execPath,
        "-e",
        `const r = new (require("dns").promises.Resolver)({ timeout: 1000, tries: 1 }); r.setServers(["${server}"]);
       r.resolve4("${name}").then((a) => console.log(a.join()), (e) => console.log(e.code))`,
      ])
    ).stdout.trim();
  const answerers = async (from: string, url: string, times: number) =>
    new Set(
      (await Promise.all(Array.from({ length: times }, () => ask(from, url)))).map((answer) => answer.split(" ")[0]),
    );

  beforeAll(async () => {
    await networks.start();
    expect(await networks.converge(dev)).toEqual([]);
    await start(namespaceOf(proxy), 80, "proxy");
    await start(namespaceOf(proxy), 22, "proxy-ssh");
    await start(namespaceOf(front2), 3000, "front2");
    backServer = await start(namespaceOf(back), 4000, "back");
    backServer2 = await start(namespaceOf(back2), 4000, "back2");
    await start(outside, 80, "outside");
    await start("upstream", 80, "upstream");
    await start(namespaceOf(tool), 8080, "tool");
    upstreamResolver = spawn("nsenter", [
      "--net=/run/netns/upstream",
      "dnsmasq",
      "-k",
      "-C",
      "/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--pid-file=",
      "--listen-address=203.0.113.1",
      "--bind-interfaces",
      "--local=/internal/",
      "--address=/registry.example/203.0.113.1",
      "--address=/stranger.host.net/203.0.113.3",
    ]);
    await until("both members of back are up", () => upOf(back.id) === true && upOf(back2.id) === true);
  }, 30_000);

  afterAll(async () => {
    for (const standIn of standIns) standIn.stop();
    upstreamResolver?.kill();
    await networks.removeAll();
    expect(await networks.list()).toEqual([]);
    rmSync(stateDir, { recursive: true });
  }, 30_000);

  describe("security groups", () => {
    test("a machine is reached from where a rule allows it, and keeps its client's address", async () => {
      expect(await ask(namespaceOf(front), "http://10.20.2.4:4000/")).toBe("back 10.20.1.4");
    });
    test("a machine is not reached from another subnet", async () => {
      expect(await ask(namespaceOf(proxy), "http://10.20.2.4:4000/")).toBe("timeout");
    });
    test("a machine is not reached from its own subnet when its rules deny that", async () => {
      expect(await ask(namespaceOf(front), "http://10.20.1.5:3000/")).toBe("timeout");
      expect(await ask(namespaceOf(back), "http://10.20.2.5:4000/")).toBe("timeout");
    });
    test("a machine that writes another's address as its sender is not heard", async () => {
      // The kernel counts what it drops there; an answer would not come back in any case.
      const dropped = async () => {
        const { stdout } = await run([...inside(netnsName(network.id)), "nstat", "-asz", "TcpExtIPReversePathFilter"]);
        return Number(/IPReversePathFilter\s+(\d+)/.exec(stdout)?.[1]);
      };
      const before = await dropped();
      await run(["ip", "-n", namespaceOf(proxy), "addr", "add", "10.20.1.77/32", "dev", "lo"]);
      await run(
        [
          ...inside(namespaceOf(proxy)),
          "curl",
          "-sS",
          "--max-time",
          "1",
          "--interface",
          "10.20.1.77",
          "http://10.20.2.4:4000/",
        ],
        { accept: [28] },
      );
      expect(await dropped()).toBeGreaterThan(before);
    });
    test("a peered network is the tag VirtualNetwork, and reached over its own router", async () => {
      expect(await ask(namespaceOf(back), "http://10.30.0.4:8080/")).toBe("tool 10.20.2.4");
    });
    test("from a peered network a machine is reached where its own rules allow it, and the caller's do", async () => {
      expect(await ask(namespaceOf(tool), "http://10.20.0.4/")).toBe("proxy 10.30.0.4");
      // Its own network denies it, the other one would allow it.
      expect(await ask(namespaceOf(tool), "http://10.20.0.4:22/")).toBe("timeout");
      // The other way round.
      expect(await ask(namespaceOf(tool), "http://10.20.1.5:3000/")).toBe("timeout");
    });
  });

  describe("outbound traffic", () => {
    test("leaves by the subnet's NAT gateway", async () => {
      expect(await ask(namespaceOf(front), "http://198.51.100.200/")).toBe("outside 198.51.100.40");
    });
    test("reaches package hosts in the host's own Internet, masqueraded, once their names were asked for", async () => {
      expect(await ask(namespaceOf(front), "http://203.0.113.1/")).toBe("refused");
      expect(await lookUp(namespaceOf(front), "168.63.129.16", "registry.example")).toBe("203.0.113.1");
      expect(await ask(namespaceOf(front), "http://203.0.113.1/")).toBe("upstream 203.0.113.2");
    });
    test("reaches no other host there: it is refused at once, also when its name is known", async () => {
      expect(await lookUp(namespaceOf(front), "168.63.129.16", "stranger.host.net")).toBe("203.0.113.3");
      expect(await ask(namespaceOf(front), "http://203.0.113.3/")).toBe("refused");
    });
    test("does not leave a subnet without a NAT gateway", async () => {
      expect(await ask(namespaceOf(back), "http://198.51.100.200/")).toBe("timeout");
    });
    test("comes back in by the environment's own public address", async () => {
      expect(await ask(namespaceOf(front), "http://198.51.100.41/")).toBe("proxy 198.51.100.40");
    });
  });

  describe("from outside", () => {
    test("the public address answers where its load balancer has a rule, with the client's address kept", async () => {
      expect(await ask(outside, "http://198.51.100.41/")).toBe("proxy 198.51.100.200");
    });
    test("nothing of the host's own Internet is reached, no package host either: refused at once, and counted", async () => {
      const packets = async () => {
        const { stdout } = await run([...inside(internet), "nft", "list", "counter", "ip", "lab", "refused"]);
        return Number(/packets (\d+)/.exec(stdout)?.[1]);
      };
      const seen = async () => {
        const { stdout } = await run([...inside("upstream"), "nstat", "-asz", "IpInReceives"]);
        return Number(/IpInReceives\s+(\d+)/.exec(stdout)?.[1]);
      };
      const before = await packets();
      const upstreamBefore = await seen();
      const started = performance.now();
      const urls = ["http://203.0.113.1/", "http://203.0.113.3/", "https://203.0.113.3/"];
      expect(await Promise.all(urls.map((url) => ask(outside, url)))).toEqual(["refused", "refused", "refused"]);
      expect(performance.now() - started).toBeLessThan(1000);
      expect(await packets()).toBe(before + 3);
      expect(await seen()).toBe(upstreamBefore);
    });
    test("no other port and no private address answers", async () => {
      const answers = await Promise.all(
        ["http://198.51.100.41:22/", "http://198.51.100.40/", "http://10.20.0.4/", "http://10.20.2.254:4000/"].map(
          (url) => ask(outside, url),
        ),
      );
      expect(answers).toEqual(["timeout", "timeout", "timeout", "timeout"]);
    });
  });

  describe("names", () => {
    test("a machine resolves its network's private zone and the public zones", async () => {
      expect(await lookUp(namespaceOf(back), "168.63.129.16", "back.dev.chatbot.internal")).toBe("10.20.2.254");
      expect(await lookUp(namespaceOf(back), "168.63.129.16", "www.dev.chatbot.example")).toBe("198.51.100.41");
      expect(await lookUp(namespaceOf(back), "168.63.129.16", "git.chatbot.example")).toBe("198.51.100.10");
    });
    test("a machine resolves what the host's own resolver knows", async () => {
      expect(await lookUp(namespaceOf(back), "168.63.129.16", "registry.example")).toBe("203.0.113.1");
    });
    test("a resolver that died is started again", async () => {
      await run(["pkill", "-KILL", "-f", "resolver-lab-n-"]);
      await until(
        "it answers",
        async () => (await lookUp(namespaceOf(back), "168.63.129.16", "back.dev.chatbot.internal")) === "10.20.2.254",
      );
      // Both networks' were killed.
      await until(
        "the other network's answers, too",
        async () => (await lookUp(namespaceOf(tool), "168.63.129.16", "www.dev.chatbot.example")) === "198.51.100.41",
      );
    });
    test("a private zone is unknown in a network that it is not linked to, and outside", async () => {
      expect(await lookUp(namespaceOf(tool), "168.63.129.16", "back.dev.chatbot.internal")).toBe("ENOTFOUND");
      expect(await lookUp(outside, "198.51.100.53", "www.dev.chatbot.example")).toBe("198.51.100.41");
      expect(await lookUp(outside, "198.51.100.53", "back.dev.chatbot.internal")).toBe("ENOTFOUND");
    });
    test("a private zone that is linked to two networks is known in both, with the same addresses", async () => {
      for (const machine of [back, tool])
        expect(await lookUp(namespaceOf(machine), "168.63.129.16", "reverse-proxy.tools.chatbot.internal")).toBe(
          "10.30.0.254",
        );
      expect(await ask(namespaceOf(back), "http://10.30.0.254/")).toBe("tool 10.20.2.4");
    });
    test("a name that a private zone does not have does not exist", async () => {
      expect(await lookUp(namespaceOf(back), "168.63.129.16", "nobody.dev.chatbot.internal")).toBe("ENOTFOUND");
    });
  });

  describe("metadata", () => {
    const url = "http://169.254.169.254/metadata/instance";
    // Stands for the daemon: says what it was told.
    const daemon = createServer(({ headers, url: asked }, response) =>
      response.end(`${String(headers[metadataHeaders.network])} ${String(headers[metadataHeaders.client])} ${asked}`),
    );
    const answer = (machineNamespace: string, ...more: string[]) =>
      run([...inside(machineNamespace), "curl", "-sS", "--max-time", "2", ...more, url]).then(({ stdout }) => stdout);
    beforeAll(() => new Promise<void>((resolve) => daemon.listen(metadataSocket, resolve)));

    test("is asked with the machine's network and address, whatever its security group says", async () => {
      expect(await answer(namespaceOf(back))).toBe("/vnet/dev 10.20.2.4 /metadata/instance");
      expect(await answer(namespaceOf(tool))).toBe("/vnet/tools 10.30.0.4 /metadata/instance");
    });
    test("does not believe a machine that says it is another", async () => {
      expect(
        await answer(
          namespaceOf(back),
          "-H",
          `${metadataHeaders.client}: 10.20.1.4`,
          "-H",
          `${metadataHeaders.network}: /vnet/tools`,
        ),
      ).toBe("/vnet/dev 10.20.2.4 /metadata/instance");
    });
    test("is not reached from outside, and no other port of its address answers", async () => {
      expect(await ask(outside, url)).toBe("timeout");
      expect(await ask(namespaceOf(back), "http://169.254.169.254:8080/")).toBe("timeout");
    });
    test("is started again when it has died", async () => {
      const file = join(stateDir, "run", `metadata-${netnsName(network.id)}.pid`);
      process.kill(Number(readFileSync(file, "utf8").split(" ")[0]), "SIGKILL");
      await until("it answers", async () => (await ask(namespaceOf(back), url)).startsWith("/vnet/dev"));
    });
    test("asks its clients to try again while there is no daemon", async () => {
      await new Promise((resolve) => daemon.close(resolve));
      expect(await answer(namespaceOf(back), "--output", "/dev/null", "--write-out", "%{http_code}")).toBe("503");
    });
  });

  describe("load balancer", () => {
    const url = "http://10.20.2.254:4000/";
    test("spreads new connections over its members", async () => {
      expect(await answerers(namespaceOf(front), url, 24)).toEqual(new Set(["back", "back2"]));
    });
    test("leaves out a member whose probe is down, and takes it back", async () => {
      backServer.healthy = false;
      await until("back is down", () => upOf(back.id) === false);
      expect(await answerers(namespaceOf(front), url, 16)).toEqual(new Set(["back2"]));
      backServer.healthy = true;
      await until("back is up again", () => upOf(back.id) === true);
      expect(await answerers(namespaceOf(front), url, 24)).toEqual(new Set(["back", "back2"]));
    });
    test("keeps a connection with its member when the member's probe goes down", async () => {
      // One connection, asked before and after; curl says by whom it was answered.
      const program = `const http = require("http"); const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const ask = () => new Promise((resolve) => http.get({ host: "10.20.2.254", port: 4000, agent, timeout: 2000 },
          (answer) => answer.on("data", (data) => resolve(String(data).trim()))).on("error", (error) => resolve(error.code)));
        process.stdin.on("data", async () => console.log(await ask())); ask().then((answer) => console.log(answer));`;
      const [command = "", ...args] = [...inside(namespaceOf(front)), process.execPath, "-e", program];
      const client = spawn(command, args);
      const next = () =>
        new Promise<string>((resolve) => client.stdout.once("data", (data) => resolve(String(data).trim())));
      const first = await next();
      const [server, member] = first.startsWith("back2")
        ? ([backServer2, back2] as const)
        : ([backServer, back] as const);
      server.healthy = false;
      await until("its member is down", () => upOf(member.id) === false);
      client.stdin.write("again\n");
      expect(await next()).toBe(first);
      client.kill();
      server.healthy = true;
      await until("its member is up again", () => upOf(member.id) === true);
    });
    test("an internal one serves a peered network with a machine that a public one serves at the same port", async () => {
      expect(await ask(namespaceOf(tool), "http://10.20.0.254/")).toBe("proxy 10.30.0.4");
      expect(await ask(outside, "http://198.51.100.41/")).toBe("proxy 198.51.100.200");
      expect(await ask(outside, "http://10.20.0.254/")).toBe("timeout");
    });
    test("is reached from a peered network, but not by the member that it chooses", async () => {
      expect(await ask(namespaceOf(back), "http://10.30.0.254/")).toBe("tool 10.20.2.4");
      expect(await ask(namespaceOf(tool), "http://10.30.0.254/")).toBe("timeout");
    });
    test("is probed again after its prober died", async () => {
      await run(["pkill", "-KILL", "-f", "proberProcess"]);
      backServer.healthy = false;
      await until("back is down", () => upOf(back.id) === false);
      backServer.healthy = true;
      await until("back is up again", () => upOf(back.id) === true);
    });
    test("answers nobody when no member is up", async () => {
      backServer.healthy = false;
      backServer2.healthy = false;
      await until("both are down", () => upOf(back.id) === false && upOf(back2.id) === false);
      expect(await ask(namespaceOf(front), url)).toBe("timeout");
      backServer.healthy = true;
      backServer2.healthy = true;
      await until("both are up again", () => upOf(back.id) === true && upOf(back2.id) === true);
    });
  });

  describe("convergence", () => {
    test("a second time changes nothing, in at most 50 ms for each of two networks and the Internet", async () => {
      // Interfaces and rules that were made anew would have other numbers.
      const look = () =>
        Promise.all(
          [netnsName(network.id), netnsName(tools.id), internet].map(
            async (namespace) =>
              (await run([...inside(namespace), "sh", "-c", "ip -o link; ip route; nft -a list ruleset"])).stdout,
          ),
        );
      const before = await look();
      const times: number[] = [];
      for (let attempt = 0; attempt < 10 && !times.some((time) => time <= 150); attempt++) {
        const started = performance.now();
        expect(await networks.converge(dev)).toEqual([]);
        times.push(performance.now() - started);
      }
      expect(await look()).toEqual(before);
      expect(Math.min(...times)).toBeLessThanOrEqual(150);
    });
    test("a new daemon keeps the load balancers' members while it probes anew", async () => {
      networks.stop();
      const next = new Networks({ stateDir, metadataSocket, packageHosts });
      try {
        expect(await next.converge(dev)).toEqual([]);
        expect(await ask(namespaceOf(front), "http://10.20.2.254:4000/")).toMatch(/^back/);
      } finally {
        next.stop();
        await networks.converge(dev);
      }
    });
    test("what was deleted behind the lab's back is made again", async () => {
      await run(["ip", "-n", namespaceOf(front), "link", "del", "eth0"]);
      await run(["ip", "-n", internet, "link", "del", "host"]);
      expect(await networks.converge(dev)).toEqual([]);
      expect(await ask(namespaceOf(front), "http://10.20.2.254:4000/")).toMatch(/^back/);
      expect(await ask(namespaceOf(front), "http://203.0.113.1/")).toBe("upstream 203.0.113.2");
    });
  });
});
