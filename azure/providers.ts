/** What a subscription is registered for: resource providers, and features of them. */
import type { Questions } from "./questions.ts";

/**
 * `Registered`, `Registering`, `NotRegistered`, `Unregistering` or `Unregistered`.
 * https://learn.microsoft.com/rest/api/resources/providers/get
 */
export async function providerState(questions: Questions, namespace: string): Promise<string> {
  const { registrationState } = (await questions.get({
    path: `/subscriptions/${questions.subscriptionId}/providers/${namespace}`,
    apiVersion: "2021-04-01",
  })) as { registrationState?: string };
  return registrationState ?? "NotRegistered";
}

/**
 * `Registered`, `NotRegistered`, `Pending` and the like.
 * https://learn.microsoft.com/rest/api/resources/features/get
 */
export async function featureState(questions: Questions, namespace: string, feature: string): Promise<string> {
  const { properties } = (await questions.get({
    path:
      `/subscriptions/${questions.subscriptionId}/providers/Microsoft.Features` +
      `/providers/${namespace}/features/${feature}`,
    apiVersion: "2021-07-01",
  })) as { properties?: { state?: string } };
  return properties?.state ?? "NotRegistered";
}
