/** Microsoft.Insights/autoscaleSettings */
import { z } from "zod";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { choice, ignored, issue, tracked } from "../schema.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";

/** Azure takes these numbers as text. */
const count = z.string().regex(/^\d{1,4}$/, 'a whole number as text, for example "2", is expected');

const duration = (minimum: number, maximum: number): z.ZodType<string> =>
  z.string().superRefine((value, context) => {
    const match = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(value);
    const minutes = match ? Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0) : NaN;
    if (!(minutes >= minimum && minutes <= maximum))
      issue(context, "", `'${value}' is not a duration from PT${minimum}M to PT${maximum / 60}H`);
  });

const rule = z.strictObject({
  metricTrigger: z.strictObject({
    metricName: z.string(),
    metricNamespace: z.string().optional(),
    metricResourceUri: z.string(),
    metricResourceLocation: z.string().optional(),
    timeGrain: duration(1, 720),
    timeWindow: duration(5, 720),
    statistic: choice("Average", "Min", "Max", "Sum", "Count"),
    timeAggregation: choice("Average", "Minimum", "Maximum", "Total", "Count", "Last"),
    operator: choice("Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"),
    threshold: z.number(),
    dimensions: z.array(z.unknown()).optional(),
    dividePerInstance: z.boolean().optional(),
  }),
  scaleAction: z.strictObject({
    direction: choice("None", "Increase", "Decrease"),
    type: choice("ChangeCount", "PercentChangeCount", "ExactCount", "ServiceAllowedNextValue"),
    value: count.optional(),
    cooldown: duration(1, 10080),
  }),
});

const profile = z
  .strictObject({
    name: z.string(),
    capacity: z.strictObject({ minimum: count, maximum: count, default: count }),
    rules: z.array(rule).max(10, "A profile has at most 10 rules"),
    fixedDate: z.record(z.string(), z.unknown()).optional(),
    recurrence: z.record(z.string(), z.unknown()).optional(),
  })
  .superRefine(({ name, capacity }, context) => {
    const [minimum, maximum, standard] = [capacity.minimum, capacity.maximum, capacity.default].map(Number) as [
      number,
      number,
      number,
    ];
    if (minimum <= standard && standard <= maximum) return;
    issue(
      context,
      "InvalidCapacity",
      `The capacity of profile '${name}' is not valid: minimum (${minimum}) <= default (${standard}) <= maximum (${maximum}) is expected.`,
      ["capacity"],
    );
  });

const body = z.strictObject({
  ...tracked,
  properties: z.strictObject({
    profiles: z
      .array(profile)
      .min(1, "An autoscale setting has 1-20 profiles")
      .max(20, "An autoscale setting has 1-20 profiles"),
    enabled: z.boolean().optional(),
    name: z.string().optional(),
    targetResourceUri: z.string(),
    targetResourceLocation: z.string().optional(),
    notifications: z.array(z.unknown()).nullable().optional(),
    predictiveAutoscalePolicy: z
      .strictObject(
        { scaleMode: choice("Disabled"), scaleLookAheadTime: ignored },
        "The lab has no predictive autoscale",
      )
      .nullable()
      .optional(),
    systemData: ignored,
  }),
});

export type AutoscaleBody = z.infer<typeof body>;

const type = "Microsoft.Insights/autoscaleSettings";

/** A resource has one autoscale setting. */
function prepare(draft: Draft<AutoscaleBody>, { store }: Context): void {
  const target = draft.body.properties.targetResourceUri;
  const twin = store
    .ofType<AutoscaleBody>(type)
    .find((one) => one.key !== keyOf(draft.id) && keyOf(one.body.properties.targetResourceUri) === keyOf(target));
  if (twin)
    throw badRequest(
      "TargetResourceAlreadyHasAutoscaleSetting",
      `The resource ${target} already has an autoscale setting: ${twin.id}.`,
    );
}

export const autoscaleSettings: ResourceType<AutoscaleBody> = {
  type,
  dialect: "monitor",
  location: "regional",
  name: { pattern: /^[^#<>%&:\\?/]{1,260}(?<![ .])$/, rule: "1-260 characters, none of # < > % & : \\ ? /" },
  schema: body,
  asynchronous: false,
  patch: "merge",
  prepare,
  // Not enabled unless somebody says so: Azure's default.
  render: (setting: Resource<AutoscaleBody>) => ({
    properties: { enabled: false, notifications: null, ...setting.body.properties, name: setting.name },
  }),
};
