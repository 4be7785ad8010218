/** What is asked of an environment that stands. The questions do not know which Azure they ask. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test, vi } from "vitest";
import { machinePorts, sshPort } from "../environment/flows.ts";
import { root, run } from "./command.ts";
import {
  groupsOf,
  on,
  outputsOf,
  outside,
  serversOf,
  type Environment,
  type Machine,
  type Outputs,
} from "./environment.ts";

/** What a stack's file says of its tiers, as far as it is asked here. */
interface Tier {
  port?: number;
  reaches?: string[];
}

/** The tiers of a stack's file. */
export const tiersOf = (stack: string): Record<string, Tier> =>
  (
    load(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as {
      config: { "platform:environment": { tiers: Record<string, Tier> } };
    }
  ).config["platform:environment"].tiers;

/** Which tier reaches which by what the stack's file says: `front > back`, sorted. */
export function declaredFlows(tiers: Record<string, Tier>): string[] {
  return Object.entries(tiers)
    .flatMap(([from, { reaches = [] }]) => reaches.map((to) => `${from} > ${to}`))
    .sort();
}

/** Lines of a run's recap, one for each machine. */
export const recap = (output: string): string[] =>
  (output.split("PLAY RECAP")[1] ?? "").split("\n").filter((line) => line.includes("ok="));

const machinesOf = async (environment: Environment): Promise<Machine[]> =>
  (await groupsOf(environment)).flatMap(({ machines }) => machines);

/** Registers the questions as tests. They change nothing, and can be asked in any order. */
export function questions(environment: Environment): void {
  const { stack } = environment;
  // Asked once: each call of the CLI takes a second.
  let outputs: Promise<Outputs> | undefined;
  const told = () => (outputs ??= outputsOf(environment));

  test("every host name is answered from outside, before DNS leads to it", async () => {
    const { urls, publicAddress } = await told();
    expect(urls).not.toEqual([]);
    for (const url of urls) {
      const there = ["--connect-to", `::${publicAddress}:`];
      const answer = await outside(environment, "curl", "-sS", "--include", "--max-time", "20", ...there, url);
      // Where no program is installed yet, the reverse proxy says so itself.
      expect(answer.stdout, answer.stderr).toMatch(/^HTTP\/(1\.1|2) 200|^x-nothing-installed: /im);
    }
  });

  test("every group has as many machines as Azure was told, and all are healthy", async () => {
    await vi.waitFor(
      async () => {
        const groups = await groupsOf(environment);
        expect(groups.map(({ name, machines }) => [name, machines.length])).toEqual(
          groups.map(({ name, capacity }) => [name, capacity]),
        );
        const ill = groups.flatMap(({ machines }) => machines).filter(({ health }) => health !== "healthy");
        expect(ill).toEqual([]);
      },
      { timeout: environment.seconds.healthy * 1000, interval: 5_000 },
    );
  });

  test("nothing answers outside but 80 and 443 of the one public address", async () => {
    const { publicAddress, outboundAddress } = await told();
    const ports = ["1-1024", ...Object.values(tiersOf(stack)).flatMap(({ port }) => port ?? []), ...machinePorts];
    const addresses = [publicAddress, outboundAddress];
    // This machine may be one from which administrators log in.
    const how = ["-Pn", "-n", "-oG", "-", "--exclude-ports", `${sshPort}`, "-p", ports.join()];
    const scan = await outside(environment, "nmap", ...how, ...addresses);
    expect(scan.status, scan.output).toBe(0);
    const open = [...scan.stdout.matchAll(/^Host: (\S+) .*Ports: (.*)$/gm)].flatMap(([, address, found]) =>
      [...(found ?? "").matchAll(/(\d+)\/open\//g)].map(([, port]) => `${address}:${port}`),
    );
    expect(open.sort()).toEqual([`${publicAddress}:443`, `${publicAddress}:80`]);
  });

  test("each tier reaches the tiers that the stack's file names, and no other", async () => {
    const tiers = tiersOf(stack);
    const { loadBalancers } = await told();
    const pairs = Object.keys(tiers).flatMap((from) =>
      Object.entries(loadBalancers).flatMap(([to, address]) => (to === from ? [] : [{ from, to, address }])),
    );
    const tried = await Promise.all(
      pairs.map(async ({ from, to, address }) => {
        const [machine] = await serversOf(environment, from);
        if (!machine) throw new Error(`no machine of tier ${from}`);
        const connect = `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${tiers[to]?.port}'`;
        const { status, output } = await on(environment, machine.hostName, connect);
        // 124: ended by the time limit, since nobody answered. Anything else would be a refusal, or SSH that failed.
        expect([0, 124], `${from} > ${to}: ${output}`).toContain(status);
        return status === 0 ? [`${from} > ${to}`] : [];
      }),
    );
    expect(tried.flat().sort()).toEqual(declaredFlows(tiers));
  });

  test("an up without a change changes nothing and does not run Ansible", async () => {
    const nothing = await run(environment.up);
    expect(nothing.status, nothing.output).toBe(0);
    expect(nothing.output).toMatch(/\d+ unchanged/);
    expect(nothing.output).not.toMatch(/\d+ (created|updated|replaced|deleted)|PLAY \[/);
    expect(nothing.seconds).toBeLessThan(environment.seconds.unchanged);
  });

  test("a second run of the playbooks by hand changes nothing on any machine", async () => {
    const command = ["ansible-playbook", "-i", `inventory/${stack}.yml`, "playbooks/site.yml"];
    const again = await run(command, { cwd: join(root, "ansible") });
    const lines = recap(again.stdout);
    expect(lines).toHaveLength((await machinesOf(environment)).length);
    for (const line of lines) expect(line).toMatch(/changed=0 +unreachable=0 +failed=0/);
  });
}

/**
 * Registers the test that makes a server of a tier ill for good: another one takes its place without anybody acting.
 *
 * @param tier One whose repair replaces.
 * @param unit The systemd unit without which its servers are ill.
 */
export function replacement(environment: Environment, tier: string, unit: string): void {
  const ofTier = () => serversOf(environment, tier);

  test(`a server of ${tier} that is ill for good is replaced by a healthy one without anybody acting`, async () => {
    const before = await ofTier();
    const ill = before[0]!;
    const stopped = await on(environment, ill.hostName, `sudo systemctl stop ${unit}`);
    expect(stopped.status, stopped.output).toBe(0);
    await vi.waitFor(
      async () => {
        const after = await ofTier();
        expect(after).toHaveLength(before.length);
        expect(after.map(({ name }) => name)).not.toContain(ill.name);
        expect(after.map(({ health }) => health)).toEqual(before.map(() => "healthy"));
      },
      { timeout: environment.seconds.replaced * 1000, interval: 5_000 },
    );
  });
}
