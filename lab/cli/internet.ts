/** The commands of `bin/lab` about what stands in the lab's Internet and is nobody's stack. */
import { resolve } from "node:path";
import { Argument, type Command } from "commander";
import { oldServerNames, oldZones, putOldZone, register, registrations, removeOldZone } from "../fabric/dns/domains.ts";
import { delegations, providers, type Provider } from "../fabric/dns/registry.ts";
import { keepOldHostNames, oldHostNames } from "../fabric/oldHost/oldHost.ts";
import { stateDir } from "../paths.ts";
import { ask, runningDaemon } from "./daemon.ts";
import { table } from "./table.ts";

/** Adds `registry`, `old-dns` and `old-host`. */
export function addInternetCommands(program: Command): void {
  program
    .command("registry")
    .description("tell, or say, which provider's name servers the registry delegates a domain to")
    .argument("[domain]", "absent: all are told; such as chatbot.example")
    .addArgument(new Argument("[provider]", "the provider from before, or Azure").choices(providers))
    .addHelpText(
      "after",
      "\nNobody needs to say azure: a zone there is delegated, unless its parent's zone is in the lab, whose records do.",
    )
    .action(async (domain: string | undefined, provider: Provider | undefined) => {
      await runningDaemon();
      if (domain !== undefined && provider !== undefined) {
        register(stateDir, domain, provider);
        await taken();
      }
      const known = delegations((await runningDaemon()).world.zones, registrations(stateDir));
      const shown = known.filter((one) => domain === undefined || one.domain === domain);
      if (shown.length === 0) console.log(domain === undefined ? "no domain is delegated" : `${domain}: not delegated`);
      else
        process.stdout.write(
          table(
            ["domain", "provider", "name servers"],
            shown.map((one) => [one.domain, one.provider, one.servers.join(" ")]),
          ),
        );
    });
  program
    .command("old-dns")
    .description("tell, or say, which zones the DNS provider from before serves")
    .argument("[domain]", "absent: all are told")
    .argument("[file]", `zone file (RFC 1035); as its NS records have ${oldServerNames.join(" and ")}`)
    .option("--remove", "it forgets the domain")
    .action(async (domain: string | undefined, file: string | undefined, { remove }: { remove?: boolean }) => {
      await runningDaemon();
      if (remove && domain === undefined) throw new Error("--remove: a domain is missing");
      if (remove) removeOldZone(stateDir, domain!);
      else if (domain !== undefined && file !== undefined) await putOldZone(stateDir, domain, resolve(file));
      if (remove || file !== undefined) await taken();
      const zones = oldZones(stateDir).filter((zone) => domain === undefined || zone.domain === domain);
      for (const zone of zones) console.log(domain === undefined ? zone.domain : zone.text.trimEnd());
      if (zones.length === 0) console.log("it serves no such zone");
    });
  program
    .command("old-host")
    .description("tell, or say, for which names the host from before has certificates and answers, besides its own")
    .argument("[names...]", "such as www.chatbot.example, or *.chatbot.example; they replace those from before")
    .option("--none", "its own name only")
    .action(async (names: string[], { none }: { none?: boolean }) => {
      await runningDaemon();
      if (none || names.length > 0) {
        keepOldHostNames(stateDir, names);
        await taken();
      }
      for (const name of oldHostNames(stateDir)) console.log(name);
    });
}

/** What was kept is in force when this returns. */
async function taken(): Promise<void> {
  if ((await ask("/take", {})) === undefined)
    throw new Error("the lab's daemon does not answer; it takes this over as soon as it can");
}
