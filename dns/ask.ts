/** Questions to name servers, as DNS packets: by UDP, and by TCP where the answer is too long for it (RFC 1035, 7766). */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { decode, encode, RECURSION_DESIRED, streamEncode, type DecodedPacket, type Packet } from "dns-packet";
import type { RecordType } from "../environment/zones/recordSet.ts";

/** A name server, or a resolver. */
export interface Server {
  /** As it was given, for messages: `ns1.old.example`. */
  name: string;
  /** IPv4 address. */
  address: string;
  port: number;
}

/** dns-packet's own types lack the code. */
export type Answer = DecodedPacket & { rcode: string };

/** A server that does not answer, or with what is no answer. */
export class ServerFailure extends Error {}

/**
 * What is tried, one after the other. Packets are lost, and servers leave out answers by UDP to one who asks a lot (response
 * rate limiting), but not by TCP.
 */
const tries = [byUdp, byTcp, byUdp, byTcp];
/** Servers that were silent by UDP and answered by TCP: they are asked by TCP from then on. */
const silentByUdp = new WeakSet<Server>();
const udpMs = 1500;
const tcpMs = 5000;

/** What fits into a packet that no network takes apart: https://www.dnsflagday.net/2020/ */
const udpPayloadSize = 1232;

/**
 * Asks one server.
 *
 * @param recursive It is to ask others: a resolver.
 * @throws ServerFailure where it does not answer.
 */
export async function ask(server: Server, name: string, type: RecordType, recursive = false): Promise<Answer> {
  const query: Packet = {
    type: "query",
    id: randomInt(65_536),
    flags: recursive ? RECURSION_DESIRED : 0,
    questions: [{ name, type }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  };
  const failures: string[] = [];
  for (const attempt of silentByUdp.has(server) ? [byTcp, ...tries] : tries) {
    try {
      const answer = await attempt(server, query);
      if (attempt === byTcp) silentByUdp.add(server);
      return answer.flag_tc ? await byTcp(server, query) : answer;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  const why = [...new Set(failures)].join(", ");
  throw new ServerFailure(`no answer of ${server.address}:${server.port}: ${why}`);
}

function byUdp({ address, port }: Server, query: Packet): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`none by UDP in ${udpMs} ms`))), udpMs);
    socket.once("error", (error) => end(() => reject(error)));
    // Connected: the kernel passes on what comes from this server only, and that it refuses.
    socket.connect(port, address, () => socket.send(encode(query)));
    socket.on("message", (bytes) => {
      const answer = answerIn(bytes, query);
      if (answer) end(() => resolve(answer));
    });
  });
}

function byTcp({ address, port }: Server, query: Packet): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: tcpMs });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    let received = Buffer.alloc(0);
    socket.once("connect", () => socket.write(streamEncode(query)));
    socket.once("timeout", () => end(() => reject(new Error(`none by TCP in ${tcpMs} ms`))));
    socket.once("error", (error) => end(() => reject(error)));
    socket.once("end", () => end(() => reject(new Error("TCP connection ended before the answer"))));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const answer = answerIn(received.subarray(2, 2 + received.readUInt16BE(0)), query);
      end(() => (answer ? resolve(answer) : reject(new Error("what came by TCP answers another question"))));
    });
  });
}

/** Undefined where the bytes answer another question, or none. */
function answerIn(bytes: Buffer, { id, questions }: Packet): Answer | undefined {
  let answer: Answer;
  try {
    answer = decode(bytes) as Answer;
  } catch {
    return undefined;
  }
  const [asked, told] = [questions?.[0], answer.questions?.[0]];
  const isSame = told?.name.toLowerCase() === asked?.name.toLowerCase() && told?.type === asked?.type;
  return answer.flag_qr && answer.id === id && isSame ? answer : undefined;
}
