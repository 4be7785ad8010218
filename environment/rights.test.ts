import { expect, test } from "vitest";
import { certificateSecret, type PlannedCertificate } from "./certificates.ts";
import { rightsOf } from "./rights.ts";
import { planOf } from "./testing/stacks.ts";

test("each group has an identity, which reads the group's own secrets and its artifacts, and may do nothing else", () => {
  const { identities, reverseProxy } = planOf("dev");
  const read = { role: "Key Vault Secrets User", secret: "databaseLogin" };
  const artifacts = { role: "Storage Blob Data Reader", container: "artifacts" };
  expect(identities.map(({ group, name, rights }) => [group, name, rights])).toEqual([
    ["back", "id-platform-dev-back", [read, artifacts]],
    ["back-balancer", "id-platform-dev-back-balancer", []],
    ["data", "id-platform-dev-data", [read]],
    ["front", "id-platform-dev-front", [artifacts]],
    ["machine-learning", "id-platform-dev-machine-learning", [artifacts]],
    ["reverse-proxy", "id-platform-dev-reverse-proxy", rightsOf(reverseProxy, reverseProxy.certificates, "x")],
  ]);
});

test("GitLab keeps its backups in the container for them, and a runner reads its token", () => {
  const rights = Object.fromEntries(planOf("tools").identities.map(({ group, rights: own }) => [group, own]));
  expect(rights).toMatchObject({
    gitlab: [{ role: "Storage Blob Data Contributor", container: "backups" }],
    runner: [{ role: "Key Vault Secrets User", secret: "runnerToken" }],
  });
});

test("reverse proxies write what an authority gives them, read what people give, and may do nothing else", () => {
  const certificate = (host: string, source: PlannedCertificate["source"]): PlannedCertificate => ({
    host,
    secret: certificateSecret(host),
    source,
    challenge: host.startsWith("*.") ? "dns-01" : "http-01",
  });
  const { reverseProxy } = planOf("dev");
  const group = { ...reverseProxy, secrets: {}, applications: [] };
  const hosts = ["www.chatbot.example", "*.chatbot.example", "*.eu.chatbot.example", "*.other.example"];
  const acme = hosts.map((host) => certificate(host, "acme"));
  const given = certificate("given.chatbot.example", "given");
  const none = certificate("none.chatbot.example", "self-signed");
  const contributor = "DNS Zone Contributor";
  expect(rightsOf(group, [...acme, given, none], "chatbot.example")).toEqual([
    { role: "Key Vault Secrets User", secret: given.secret },
    { role: "Key Vault Secrets Officer", secret: "acme-account" },
    ...acme.map(({ secret }) => ({ role: "Key Vault Secrets Officer", secret })),
    { role: "Storage Blob Data Contributor", container: "certificates" },
    { role: contributor, label: "_acme-challenge" },
    { role: contributor, label: "_acme-challenge.eu" },
  ]);
  expect(rightsOf(group, [none], "chatbot.example")).toEqual([]);
});
