/** Names that only documentation has: a stack file that was not edited. Pure. */
import type { Plan } from "../environment/plan.ts";
import type { Obstacle } from "./obstacle.ts";

/** Every host under `.example` that a plan names: https://www.rfc-editor.org/rfc/rfc2606#section-2 */
export function exampleNameObstacles(plan: Plan, file: string): Obstacle[] {
  const root = "platform:environment";
  const named: [path: string, host: string, given: string][] = [
    [`${root}.domain`, plan.domain, plan.domain],
    [`${root}.privateDomain`, plan.privateDomain, plan.privateDomain],
    ...plan.tiers.flatMap(({ name, machines }) =>
      machines.applications.map(({ repository }, index): [string, string, string] => [
        `${root}.tiers.${name}.applications[${index}].repository`,
        URL.parse(repository ?? "")?.hostname ?? "",
        repository ?? "",
      ]),
    ),
    ...plan.reverseProxy.routes.flatMap(({ host, legacy }, index): [string, string, string][] => {
      const path = `${root}.reverseProxy.routes[${index}]`;
      const old = legacy && `${legacy.scheme}://${legacy.address}:${legacy.port}`;
      return [
        [`${path}.host`, host, host],
        ...(old ? [[`${path}.legacy`, legacy.address, old] as [string, string, string]] : []),
      ];
    }),
  ];
  return named
    .filter(([, host]) => host === "example" || host.endsWith(".example"))
    .map(([place, , given]) => ({
      place,
      given,
      allowed: "a name of your own; nobody has names under .example, so nothing answers there",
      change: `${file}, or platform:preflight.exampleNames: allow for an Azure whose network knows them`,
    }));
}
