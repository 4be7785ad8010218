import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, model, setId, TestGroup } from "../testing/testGroup.ts";
import { subscription } from "../testing/testLab.ts";

const lab = new TestGroup();
const get = (path: string, headers?: Record<string, string>) =>
  ask(lab, "10.20.1.5", `/metadata/${path}`, undefined, headers);
const scheduled = "scheduledevents?api-version=2020-07-01";

beforeAll(async () => {
  await lab.start();
  await lab.put(model(2, { zones: ["1", "2"] }, "PT10M"));
});
afterAll(() => lab.stop());

describe("a machine learns of itself", () => {
  const self = () => lab.arm.world().machines[0]!;

  test("its name, its place and its tags", async () => {
    const { status, body } = await get("instance?api-version=2021-02-01&format=json");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      compute: {
        name: self().name,
        resourceGroupName: "rg",
        subscriptionId: subscription,
        location: "westeurope",
        zone: "1",
        vmScaleSetName: "vmss",
        virtualMachineScaleSet: { id: setId },
        vmSize: "Standard_B2s_v2",
        osType: "Linux",
        tags: "tier:front",
        tagsList: [{ name: "tier", value: "front" }],
        osProfile: { computerName: self().hostName, adminUsername: "platform" },
      },
      network: {
        interface: [
          {
            ipv4: {
              ipAddress: [{ privateIpAddress: "10.20.1.5", publicIpAddress: "" }],
              subnet: [{ address: "10.20.1.0", prefix: "24" }],
            },
          },
        ],
      },
    });
    const { compute } = body as { compute: { vmId: string; resourceId: string } };
    const machine = await lab.clients.compute.virtualMachines.get("rg", self().name);
    expect([compute.vmId, compute.resourceId]).toEqual([machine.vmId, machine.id]);
  });

  test("another address is another machine, and an unknown one is nobody", async () => {
    const name = async (address: string) =>
      ask(lab, address, "/metadata/instance/compute/name?api-version=2021-02-01&format=text");
    expect((await name("10.20.1.6")).body).toBe(lab.arm.world().machines[1]!.name);
    expect((await name("10.20.1.99")).status).toBe(404);
  });

  test("a part by its path: a leaf as text only, the rest as JSON or as a list of what it has", async () => {
    const version = "api-version=2021-02-01";
    expect(await get(`instance/compute/vmSize?${version}&format=text`)).toMatchObject({ body: "Standard_B2s_v2" });
    expect((await get(`instance/compute/vmSize?${version}`)).status).toBe(400);
    expect(await get(`instance/network/interface/0/ipv4/subnet/0?${version}`)).toMatchObject({
      body: { address: "10.20.1.0", prefix: "24" },
    });
    expect((await get(`instance?${version}&format=text`)).body).toBe("compute/\nnetwork/");
    expect((await get(`instance/compute/nothing?${version}&format=text`)).status).toBe(404);
  });
});

describe("refused, as Azure does", () => {
  const version = "api-version=2021-02-01";
  test.each<[string, number, string, Record<string, string>?]>([
    ["no Metadata header", 400, `instance?${version}`, {}],
    ["a request that was forwarded", 400, `instance?${version}`, { metadata: "true", "x-forwarded-for": "10.0.0.1" }],
    ["a query parameter twice", 400, `instance?${version}&${version}`],
    ["another format", 400, `instance?${version}&format=xml`],
    ["an unknown category", 404, `attested?${version}`],
    ["events in a version without Terminate", 400, "scheduledevents?api-version=2017-08-01"],
  ])("%s: %i", async (_, status, path, headers) => {
    expect((await get(path, headers)).status).toBe(status);
  });

  test("an unknown version or none, with the newest ones", async () => {
    for (const path of ["instance", "instance?api-version=2021-02-02"]) {
      expect(await get(path)).toMatchObject({
        status: 400,
        body: { "newest-versions": ["2025-04-07", "2024-07-17", "2024-03-15"] },
      });
    }
    expect((await get("versions")).body).toMatchObject({
      apiVersions: expect.arrayContaining(["2021-02-01"]) as unknown,
    });
  });

  test("a POST where only GET is, and approvals that are malformed or of no event", async () => {
    const post = async (path: string, body: unknown) => (await ask(lab, "10.20.1.5", `/metadata/${path}`, body)).status;
    expect(await post(`instance?${version}`, {})).toBe(405);
    for (const body of ["no JSON", {}, { StartRequests: [] }, { StartRequests: [{ EventId: "4711" }] }])
      expect(await post(scheduled, body)).toBe(400);
  });
});

describe("scheduled events", () => {
  test("are those of the whole scale set, tell as much as their version has, and count their changes", async () => {
    expect((await get(scheduled)).body).toEqual({ DocumentIncarnation: 1, Events: [] });
    const [, second] = lab.arm.world().machines;
    await lab.call("DELETE", `${second!.id}?api-version=2024-11-01`);
    const { body } = await get(scheduled);
    const { Events: events } = body as { Events: { EventId: string }[] };
    expect(body).toEqual({
      DocumentIncarnation: 2,
      Events: [
        {
          EventId: expect.stringMatching(/^[0-9A-F-]{36}$/) as string,
          EventType: "Terminate",
          ResourceType: "VirtualMachine",
          Resources: [second!.name],
          EventStatus: "Scheduled",
          NotBefore: new Date(lab.nowMilliseconds + 60_000).toUTCString(),
          Description: "The virtual machine is going to be deleted.",
          EventSource: "User",
          DurationInSeconds: -1,
        },
      ],
    });
    const older = (await get("scheduledevents?api-version=2019-01-01")).body as { Events: object[] };
    expect(Object.keys(older.Events[0]!)).toEqual([
      "EventId",
      "EventType",
      "ResourceType",
      "Resources",
      "EventStatus",
      "NotBefore",
    ]);
    // Approved, it is started, and gone when its machine is.
    lab.automatic = false;
    const approval = { StartRequests: [{ EventId: events[0]!.EventId }] };
    expect((await ask(lab, "10.20.1.6", `/metadata/${scheduled}`, approval)).status).toBe(200);
    expect((await get(scheduled)).body).toMatchObject({
      DocumentIncarnation: 3,
      Events: [{ EventStatus: "Started", NotBefore: "" }],
    });
    expect((await ask(lab, "10.20.1.5", `/metadata/${scheduled}`, approval)).status).toBe(200);
    lab.report();
    expect((await get(scheduled)).body).toEqual({ DocumentIncarnation: 4, Events: [] });
  });
});
