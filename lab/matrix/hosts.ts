/** Host names asked from outside, and who should answer. Pure. */
import type { Planned } from "./plans.ts";

/** Who should answer, or how it is refused: in the TLS handshake, or with 421. */
export type Wanted = { environment: string; tier: string } | "no handshake" | "421" | { redirect: string };

/** A request from outside. */
export interface Question {
  url: string;
  /** Where it is sent; absent: where DNS leads. */
  address?: string;
  /** Another host than the one of the URL, for which TLS begins. */
  host?: string;
  wanted: Wanted;
}

/** A public address and the environment whose reverse proxies are there. */
export interface Entrance {
  environment: string;
  address: string;
}

/** A host that is asked for. A wildcard's is one of those that it stands for. */
interface Host {
  name: string;
  environment: string;
  tier: string;
}

/** The old service answers these yet, or a share of them: not what stands in any environment. */
export const leftOut = (environments: readonly Planned[]): string[] =>
  environments.flatMap(({ plan }) =>
    plan.reverseProxy.routes.filter(({ share }) => share < 100).map(({ host }) => host),
  );

const routedHosts = (environments: readonly Planned[]): Host[] =>
  environments.flatMap(({ plan }) =>
    plan.reverseProxy.routes.flatMap(({ host, tier, share }) =>
      tier === undefined || share < 100
        ? []
        : [{ name: host.replace("*", "some-name"), environment: plan.environment, tier }],
    ),
  );

/** Names that nobody routes: in each environment's domain, deeper, and elsewhere. */
const unknownHosts = (environments: readonly Planned[], known: readonly Host[]): string[] =>
  [
    ...environments.map(({ plan }) => `nobody-routes-this.${plan.domain}`),
    ...environments.map(({ plan }) => `www.nobody-routes-this.${plan.domain}`),
    "nobody-routes-this.elsewhere.example",
  ].filter((name) => !known.some((host) => host.name === name));

/**
 * What is asked, in the order in which it is told.
 *
 * @param standing Environments whose hosts are asked for where DNS leads, too.
 */
export function hostQuestions(
  environments: readonly Planned[],
  entrances: readonly Entrance[],
  standing = environments,
): Question[] {
  const hosts = routedHosts(environments);
  const names = [...hosts.map(({ name }) => name), ...unknownHosts(environments, hosts)];
  const servedBy = ({ reverseProxy }: Planned["plan"]) => {
    const ended = reverseProxy.certificates.map(({ host }) => host.replace("*", "some-name"));
    return { redirects: reverseProxy.tls.redirect, hosts: hosts.filter(({ name }) => ended.includes(name)) };
  };
  const reached = entrances.map(({ environment, address }) => {
    const plan = environments.find((one) => one.plan.environment === environment)?.plan;
    if (!plan) throw new Error(`environment: given ${environment}, which no stack file has`);
    return { address, ...servedBy(plan) };
  });
  // Also where the public address that there should be is not there.
  const byDns = standing
    .filter(({ plan }) => plan.reverseProxy.public)
    .map(({ plan }) => servedBy(plan))
    .flatMap(({ redirects, hosts: here }) => here.flatMap((host) => asked(host, redirects)));
  const everywhere = reached.flatMap(({ address, redirects, hosts: here }) =>
    names.flatMap((name) => {
      const host = here.find((one) => one.name === name);
      const questions: Question[] = host
        ? asked(host, redirects)
        : [
            { url: `https://${name}/`, wanted: "no handshake" },
            { url: `http://${name}/`, wanted: "421" },
          ];
      return questions.map((question) => ({ ...question, address }));
    }),
  );
  const differing = reached.flatMap(({ address, hosts: here }) =>
    here.flatMap(({ name }) =>
      names
        .filter((other) => other !== name)
        .map((other): Question => ({ url: `https://${name}/`, address, host: other, wanted: "421" })),
    ),
  );
  return [...byDns, ...everywhere, ...differing];
}

function asked({ name, environment, tier }: Host, redirects: boolean): Question[] {
  const url = `https://${name}/`;
  const wanted = { environment, tier };
  return [
    { url, wanted },
    { url: `http://${name}/`, wanted: redirects ? { redirect: url } : wanted },
  ];
}

const mark = "@platform-matrix@";
const told = ["exitcode", "http_code", "http_version", "redirect_url", "errormsg"];

/** Arguments of curl that ask everything, one after the other, each on its own. */
export const curlArguments = (questions: readonly Question[]): string[] =>
  questions.flatMap(({ url, address, host }, index) => [
    ...(index === 0 ? ["-sS"] : ["--next"]),
    ...["--max-time", "20"],
    ...(address === undefined ? [] : ["--connect-to", `::${address}:`]),
    ...(host === undefined ? [] : ["--header", `Host: ${host}`]),
    ...["--write-out", `\\n${mark}\\t${told.map((one) => `%{${one}}`).join("\\t")}\\n`],
    url,
  ]);

/** What came of a question. */
export interface Reply {
  exitCode: number;
  status: number;
  version: string;
  redirect: string;
  error: string;
  body: string;
}

/** Reads what curl has printed. */
export function readReplies(text: string): Reply[] {
  const parts = text.split(new RegExp(`\\n${mark}\\t(.*)\\n`));
  return Array.from({ length: Math.floor(parts.length / 2) }, (_, index) => {
    const [exitCode, status, version = "", redirect = "", error = ""] = (parts[2 * index + 1] ?? "").split("\t");
    return {
      exitCode: Number(exitCode),
      status: Number(status),
      version,
      redirect,
      error,
      body: parts[2 * index] ?? "",
    };
  });
}

/** Finds the environment and tier that wrote an answer. */
export type Author = (body: string) => { environment: string; tier: string } | undefined;

/** Exit status of curl where the handshake fails, and what OpenSSL calls the other side's reason: no such name is served. */
const handshakeFailed = 35;
const noSuchName = /unrecognized name/;

const isHttps = ({ url }: Question) => url.startsWith("https:");

/** What is wrong with a reply; undefined where nothing is. Certificates were checked: curl ends without an answer else. */
export function replyDifference(question: Question, reply: Reply, author: Author): string | undefined {
  const text = replyText(reply, author);
  return text === wantedText(question) ? undefined : text;
}

export function wantedText(question: Question): string {
  const { wanted } = question;
  if (typeof wanted === "string") return wanted;
  if ("redirect" in wanted) return `308 ${wanted.redirect}`;
  return `${isHttps(question) ? "HTTP/2" : "HTTP/1.1"} 200 ${wanted.environment}/${wanted.tier}`;
}

export function replyText(reply: Reply, author: Author): string {
  const { exitCode, status, version, redirect, error, body } = reply;
  if (exitCode === handshakeFailed && noSuchName.test(error)) return "no handshake";
  if (exitCode !== 0) return `curl ended with ${exitCode}: ${error}`;
  if (redirect !== "") return `${status} ${redirect}`;
  if (status !== 200) return `${status}`;
  const found = author(body);
  return `HTTP/${version} 200 ${found ? `${found.environment}/${found.tier}` : `of nobody known: ${body.slice(0, 200)}`}`;
}
