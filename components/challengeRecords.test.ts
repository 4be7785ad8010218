import { expect, test } from "vitest";
import type { PlannedIdentity } from "../environment/plan.ts";
import { ChallengeRecords, type ChallengeRecordsArgs } from "./challengeRecords.ts";
import { Recorder } from "./testing/recorder.ts";
import { common } from "./testing/stack.ts";

const zoneId = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/dnsZones/chatbot.example";
const labels = ["_acme-challenge", "_acme-challenge.www"];
const identities: Pick<PlannedIdentity, "group" | "rights">[] = [
  { group: "front", rights: [{ role: "Storage Blob Data Reader", container: "artifacts" }] },
  { group: "reverse-proxy", rights: labels.map((label) => ({ role: "DNS Zone Contributor", label })) },
];
const args: ChallengeRecordsArgs = {
  ...common,
  zoneName: "chatbot.example",
  zoneId,
  identities,
  principalIds: { front: "principal-of-front", "reverse-proxy": "principal-of-reverse-proxy" },
};

test("each record stands before the right to it, which is for it alone", async () => {
  const recorder = await Recorder.start();
  new ChallengeRecords("challenges", args);
  await recorder.settle();
  const of = (type: string) => recorder.resources.filter((resource) => resource.type === type);
  expect(
    of("azure-native:dns:RecordSet").map(({ inputs }) => [inputs["relativeRecordSetName"], inputs["recordType"]]),
  ).toEqual(labels.map((label) => [label, "TXT"]));
  expect(
    of("azure-native:authorization:RoleAssignment").map(({ inputs }) => [
      inputs["scope"],
      inputs["principalId"],
      String(inputs["roleDefinitionId"]).split("/").at(-1),
    ]),
  ).toEqual(
    labels.map((label) => [
      `${zoneId}/TXT/${label}`,
      "principal-of-reverse-proxy",
      "befefa01-2a29-4197-83a8-272ff33ce314",
    ]),
  );
});

test("an identity that nobody names is told", async () => {
  await Recorder.start();
  expect(() => new ChallengeRecords("challenges", { ...args, principalIds: {} })).toThrow(
    /principalIds: given none for front, reverse-proxy/,
  );
});
