/** What `make azure-e2e` tells its test by the environment, since a test takes no arguments. */

export interface Settings {
  stack: string;
  subscription: string;
  /** Azure Resource Manager of the cloud. */
  endpoint: string;
  /** What was made stays. */
  keep: boolean;
}

const names = { stack: "E2E_STACK", subscription: "E2E_SUBSCRIPTION", endpoint: "E2E_ENDPOINT", keep: "E2E_KEEP" };

export const toVariables = ({ keep, ...rest }: Settings): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [names[key as keyof typeof rest], value])),
  ...(keep ? { [names.keep]: "1" } : {}),
});

/** @throws Error where the test was not started by its command. */
export function settings(variables: NodeJS.ProcessEnv): Settings {
  const required = (name: string): string => {
    const value = variables[name];
    if (!value) throw new Error(`${name} is not set: start this test by make azure-e2e`);
    return value;
  };
  return {
    stack: required(names.stack),
    subscription: required(names.subscription),
    endpoint: required(names.endpoint),
    keep: variables[names.keep] === "1",
  };
}
