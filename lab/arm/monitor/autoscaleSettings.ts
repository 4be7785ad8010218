/** Microsoft.Insights/autoscaleSettings */
import type { Context } from "../context.ts";
import { badRequest, notInLab } from "../errors.ts";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { autoscaleBody, type AutoscaleBody } from "./autoscaleSchema.ts";

/** A resource has one autoscale setting. */
function prepare(draft: Draft<AutoscaleBody>, { store }: Context): void {
  refuseOthers(draft.body.properties);
  const target = draft.body.properties.targetResourceUri;
  const twin = store
    .ofType<AutoscaleBody>(types.autoscaleSetting)
    .find((one) => one.key !== keyOf(draft.id) && keyOf(one.body.properties.targetResourceUri) === keyOf(target));
  if (twin)
    throw badRequest(
      "TargetResourceAlreadyHasAutoscaleSetting",
      `The resource ${target} already has an autoscale setting: ${twin.id}.`,
    );
}

/** What the autoscaler does not do. */
function refuseOthers({ targetResourceUri, profiles }: AutoscaleBody["properties"]): void {
  if (!keyOf(targetResourceUri).includes(`/${keyOf(types.scaleSet)}/`))
    throw notInLab(`autoscale of anything but a scale set (given: ${targetResourceUri})`);
  if (profiles.length > 1 || profiles.some(({ fixedDate, recurrence }) => fixedDate || recurrence))
    throw notInLab("autoscale profiles for dates and days; give one profile without fixedDate and recurrence");
  for (const { metricTrigger } of profiles.flatMap(({ rules }) => rules)) {
    if (keyOf(metricTrigger.metricName) !== "percentage cpu")
      throw notInLab(`autoscale by the metric '${metricTrigger.metricName}'; use 'Percentage CPU'`);
    if (keyOf(metricTrigger.metricResourceUri) !== keyOf(targetResourceUri) || metricTrigger.dimensions?.length)
      throw notInLab("autoscale by another resource's metric, or by a part of it (dimensions)");
  }
}

export const autoscaleSettings: ResourceType<AutoscaleBody> = {
  type: types.autoscaleSetting,
  dialect: "monitor",
  apiVersions: ["2021-05-01-preview", "2022-10-01"],
  location: "regional",
  name: { pattern: /^[^#<>%&:\\?/]{1,260}(?<![ .])$/, rule: "1-260 characters, none of # < > % & : \\ ? /" },
  schema: autoscaleBody,
  asynchronous: false,
  patch: "merge",
  prepare,
  // Azure's default is not enabled.
  render: (setting: Resource<AutoscaleBody>) => ({
    properties: { enabled: false, notifications: null, ...setting.body.properties, name: setting.name },
  }),
};
