/** The machines that a stack has already. */
import { QuestionError, type Questions } from "./questions.ts";

/**
 * Sizes of all machines of a resource group, those too that are just made or deleted, since they count against quotas;
 * undefined while there is no such group.
 * https://learn.microsoft.com/rest/api/compute/virtual-machines/list
 */
export async function standingSizes(questions: Questions, resourceGroup: string): Promise<string[] | undefined> {
  try {
    const machines = (await questions.list({
      path:
        `/subscriptions/${questions.subscriptionId}/resourceGroups/${resourceGroup}` +
        "/providers/Microsoft.Compute/virtualMachines",
      apiVersion: "2024-11-01",
    })) as { properties?: { hardwareProfile?: { vmSize?: string } } }[];
    return machines.map(({ properties }) => properties?.hardwareProfile?.vmSize ?? "");
  } catch (error) {
    if (error instanceof QuestionError && error.status === 404) return undefined;
    throw error;
  }
}
