/** No call of Azure is waited for without an end: some take 90 minutes to say that a machine does not answer. */
import type { ComputeManagementClientOptionalParams } from "@azure/arm-compute";

type Policies = NonNullable<ComputeManagementClientOptionalParams["additionalPolicies"]>;

/** Seconds after which a call counts as not answered. */
export const callSeconds = 120;

/**
 * A call's result.
 *
 * @param what Names the call in the error, for example `GET https://management.azure.com/...`.
 * @param call Told to give up by the signal.
 * @throws Error at the end of the time, also where the call does not listen to the signal.
 */
export async function within<T>(
  seconds: number,
  what: string,
  call: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} has not answered within ${seconds} s`));
      controller.abort();
    }, seconds * 1000);
  });
  try {
    return await Promise.race([call(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Options by which one of Azure's clients ends each of its requests in time, its retries included. */
export function deadline(seconds = callSeconds): { additionalPolicies: Policies } {
  return {
    additionalPolicies: [
      {
        position: "perCall",
        policy: {
          name: "deadline",
          sendRequest: (request, next) =>
            within(seconds, `${request.method} ${request.url}`, (signal) => {
              const given = request.abortSignal as AbortSignal | undefined;
              request.abortSignal = given ? AbortSignal.any([given, signal]) : signal;
              return next(request);
            }),
        },
      },
    ],
  };
}
