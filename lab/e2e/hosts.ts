/** The matrix of host names (lab/matrix) for one environment that stands. */
import { status } from "../commands.ts";
import { hostAddress } from "../fabric/addresses.ts";
import { askHosts } from "../matrix/ask.ts";
import { hostQuestions, replyDifference } from "../matrix/hosts.ts";
import { planAll } from "../matrix/plans.ts";
import { authorIn, entrancesOf } from "../matrix/stand.ts";
import { questionText } from "../matrix/text.ts";
import { root } from "../paths.ts";

/**
 * What is not answered from outside as the stack files say: at the stack's public address hosts of all environments and
 * names of nobody, where DNS leads its own hosts.
 */
export async function wrongAnswers(stack: string): Promise<string[]> {
  const environments = planAll(root, [`${hostAddress}/32`]);
  const planned = environments.find((one) => one.stack === stack);
  if (!planned) throw new Error(`there is no stack ${stack}`);
  const standing = { ...planned, status: await status(stack) };
  const questions = hostQuestions(environments, entrancesOf(standing), [planned]);
  const replies = await askHosts(questions);
  const author = authorIn([standing]);
  return questions.flatMap((question, index) => {
    const found = replyDifference(question, replies[index]!, author);
    return found === undefined ? [] : [`${questionText(question)}: ${found}`];
  });
}
