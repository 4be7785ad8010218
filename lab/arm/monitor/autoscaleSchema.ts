/** What an autoscale setting's PUT may hold. */
import { z } from "zod";
import { minutesOf } from "../durations.ts";
import { choice, ignored, issue, tracked } from "../schema.ts";

/** Azure takes these numbers as text. */
const count = z.string().regex(/^\d{1,4}$/, 'a whole number as text, for example "2", is expected');

const duration = (minimum: number, maximum: number): z.ZodType<string> =>
  z.string().superRefine((value, context) => {
    if (!(minutesOf(value) >= minimum && minutesOf(value) <= maximum))
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
    type: choice("ChangeCount", "PercentChangeCount", "ExactCount"),
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
    if (minimum > standard) {
      const message = `The minimum capacity value '${minimum}' that you specified in the autoscale setting is greater than the default capacity of '${standard}' (profile '${name}').`;
      issue(context, "BadRequest", message, ["capacity"]);
    } else if (standard > maximum) {
      const message = `The default capacity value '${standard}' that you specified in the autoscale setting is greater than the maximum capacity of '${maximum}' (profile '${name}').`;
      issue(context, "BadRequest", message, ["capacity"]);
    }
  });

export const autoscaleBody = z.strictObject({
  ...tracked,
  properties: z.strictObject({
    profiles: z
      .array(profile)
      .min(1, "An autoscale setting has 1-20 profiles")
      .max(20, "An autoscale setting has 1-20 profiles"),
    enabled: z.boolean().optional(),
    name: z.string().optional(),
    targetResourceUri: z
      .string()
      .optional()
      .transform((given, context) => {
        if (given !== undefined) return given;
        issue(
          context,
          "UnsupportedRequestContent",
          "Request content is not well formed or supported: targetResourceUri.",
        );
        return z.NEVER;
      }),
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

export type AutoscaleBody = z.infer<typeof autoscaleBody>;
export type Profile = z.infer<typeof profile>;
export type Rule = z.infer<typeof rule>;
