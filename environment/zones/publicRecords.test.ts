import { expect, test } from "vitest";
import { planPublicRecords, publicHosts, publicRecordMistakes, type PublicPlan } from "./publicRecords.ts";
import { answersOf, type RecordSet } from "./recordSet.ts";
import { noZoneFile, parseZoneFile } from "./zoneFile.ts";

type Given = Partial<PublicPlan["reverseProxy"]> & { hosts: string[]; dns?: Partial<PublicPlan["dns"]> };

const behind = { public: false, entry: { environment: "production", stack: "prod", domain: "main.example" } };

function planOf({ hosts, dns, ...reverseProxy }: Given): PublicPlan {
  return {
    domain: "chatbot.example",
    publicZone: true,
    subZones: [],
    dns: { zoneFile: "old.zone", target: {}, timeToLive: 300, ...dns },
    reverseProxy: { routes: hosts.map((host) => ({ host, share: 100 })), forwards: [], public: true, ...reverseProxy },
  };
}

const zoneOf = (text: string) => {
  const zoneFile = parseZoneFile(`$TTL 60\n${text}`, "chatbot.example");
  expect(zoneFile.mistakes).toEqual([]);
  return zoneFile;
};

function planned(text: string, given: Given): string[] {
  const zoneFile = zoneOf(text);
  const plan = planOf(given);
  expect(publicRecordMistakes(plan, zoneFile)).toEqual([]);
  return planPublicRecords(plan, zoneFile, "203.0.113.1").map(
    ({ name, ttl, type, values }) => `${name} ${ttl} ${type} ${values.join(" ")}`,
  );
}

const www = "www.chatbot.example";
const azure = (...hosts: string[]) => ({ target: Object.fromEntries(hosts.map((host) => [host, "azure" as const])) });

test("hosts that no zone file has are at the public address", () => {
  expect(planned("", { hosts: [www, "chatbot.example", "*.chatbot.example", "www.elsewhere.example"] })).toEqual([
    "@ 300 A 203.0.113.1",
    "* 300 A 203.0.113.1",
    "www 300 A 203.0.113.1",
  ]);
});

test("a host that the zone file has stays there until dns.target says azure, and goes back by the same line", () => {
  const old = "www A 198.51.100.1\n AAAA 2001:db8::1\n TXT text\nmail A 198.51.100.2";
  const legacy = ["mail 60 A 198.51.100.2", "www 60 A 198.51.100.1", "www 60 AAAA 2001:db8::1", 'www 60 TXT "text"'];
  expect(planned(old, { hosts: [www] })).toEqual(legacy);
  expect(planned(old, { hosts: [www], dns: azure(www) })).toEqual([
    "mail 60 A 198.51.100.2",
    "www 300 A 203.0.113.1",
    'www 60 TXT "text"',
  ]);
  expect(planned(old, { hosts: [www], dns: { target: { [www]: "legacy" } } })).toEqual(legacy);
});

test("an alias stays one, so that Azure changes it at once: of the name under which the reverse proxies are", () => {
  expect(planned("www CNAME web.old.example.", { hosts: [www], dns: azure(www) })).toEqual([
    "entry 300 A 203.0.113.1",
    "www 300 CNAME entry.chatbot.example.",
  ]);
  // It is there before: what every name server has by then is nowhere for no moment.
  expect(planned("www CNAME web.old.example.", { hosts: [www] })).toEqual([
    "entry 300 A 203.0.113.1",
    "www 60 CNAME web.old.example.",
  ]);
  // A host of that name is no alias of itself.
  const entry = "entry.chatbot.example";
  expect(planned("entry CNAME web.old.example.", { hosts: [entry], dns: azure(entry) })).toEqual([
    "entry 300 A 203.0.113.1",
  ]);
});

test("hosts behind an entry are aliases of its name, which its own zone has while it forwards", () => {
  expect(planned("", { hosts: [www], ...behind })).toEqual(["www 300 CNAME entry.main.example."]);
  const forwards = [{ domain: "dev.example", environment: "dev", address: "10.0.0.254", hosts: [] }];
  expect(planned("", { hosts: [www], forwards })).toEqual(["entry 300 A 203.0.113.1", "www 300 A 203.0.113.1"]);
});

test("an environment without any public address has only the records of old", () => {
  expect(planned("a A 10.0.0.1", { hosts: [www], public: false })).toEqual(["a 60 A 10.0.0.1"]);
  expect(planPublicRecords({ ...planOf({ hosts: [www] }), publicZone: false }, noZoneFile, "")).toEqual([]);
});

test("a host that a wildcard of the zone file answers is a host of old, and keeps what else the wildcard says of it", () => {
  const old = "* A 198.51.100.1\n MX 10 mail";
  const [host] = publicHosts(planOf({ hosts: [www] }), zoneOf(old));
  expect(host?.target).toBe("legacy");
  expect(planned(old, { hosts: [www] })).toEqual(["* 60 A 198.51.100.1", "* 60 MX 10 mail.chatbot.example."]);
  expect(planned(old, { hosts: [www], dns: azure(www) })).toEqual([
    "* 60 A 198.51.100.1",
    "* 60 MX 10 mail.chatbot.example.",
    "www 300 A 203.0.113.1",
    "www 60 MX 10 mail.chatbot.example.",
  ]);
});

test.each([
  [
    "legacy without a record of old",
    "",
    { hosts: [www], dns: { target: { [www]: "legacy" as const } } },
    [
      [
        "platform:environment.dns.target.www.chatbot.example",
        "legacy",
        "azure, or a record of www.chatbot.example in old.zone",
      ],
    ],
  ],
  [
    "the zone itself as an alias",
    "",
    { hosts: ["chatbot.example"], ...behind },
    [
      [
        "platform:environment.dns.target.chatbot.example",
        "azure, an alias of entry.main.example",
        "a host below the zone: the zone itself cannot be an alias",
      ],
    ],
  ],
  [
    "records beside an alias",
    "www A 198.51.100.1\n\tTXT text",
    { hosts: [www], ...behind, dns: azure(www) },
    [
      [
        "old.zone:3:2",
        "TXT of www.chatbot.example",
        "nothing beside the alias that www.chatbot.example is by dns.target: CNAME entry.main.example",
      ],
    ],
  ],
  [
    "a host below a delegated zone",
    "dev NS ns1.old.example.",
    { hosts: ["www.dev.chatbot.example"] },
    [
      [
        "platform:environment.dns.target.www.dev.chatbot.example",
        "azure, and NS of dev.chatbot.example in old.zone",
        "a host that is not below a delegated zone",
      ],
    ],
  ],
  [
    "another address under the name of the entry",
    "www CNAME web.old.example.\nentry A 198.51.100.9",
    { hosts: [www], dns: azure(www) },
    [
      [
        "old.zone:3:1",
        "A of entry.chatbot.example",
        "another name: entry.chatbot.example is the address of the reverse proxies, of which hosts are aliases",
      ],
    ],
  ],
])("refused: %s", (_, text, given: Given, mistakes) => {
  expect(
    publicRecordMistakes(planOf(given), zoneOf(text)).map(({ path, given: is, allowed }) => [path, is, allowed]),
  ).toEqual(mistakes);
});

test("a wildcard answers for names below the closest one that is there, and for none that is there", () => {
  const set = (name: string): RecordSet => ({ name, type: "A", ttl: 1, values: [name] });
  const sets = ["*", "*.a", "x.b", "a"].map(set);
  const answered = (name: string) => answersOf(sets, name).map((one) => one.name);
  expect(["c", "c.d", "y.a", "z.y.a"].map(answered)).toEqual([["*"], ["*"], ["*.a"], ["*.a"]]);
  // b is there, since x.b is; what is below it has no wildcard.
  expect(["b", "y.b", "a", "@", "x.b"].map(answered)).toEqual([[], [], ["a"], [], ["x.b"]]);
});
