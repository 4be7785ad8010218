import http from "node:http";

const agent = new http.Agent({ keepAlive: true, maxSockets: 256, timeout: 30_000 });
const CONNECT_MILLISECONDS = 300;
const ANSWER_MILLISECONDS = 10_000;
// No new attempt after it: who asked us has given up soon after.
const PATIENCE_MILLISECONDS = 8_000;
const ATTEMPTS = 16;

/**
 * Sends a request and gives { status, body }, the body parsed as JSON.
 *
 * The address is a load balancer's: each new connection may reach another machine behind it. So a connection that could
 * not be made is tried again whatever the method, for nothing was sent; a GET is also tried again when its connection broke.
 */
export async function ask(method, url, headers = {}, body = undefined) {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(method, url, headers, body);
    } catch (error) {
      if (attempt === ATTEMPTS || performance.now() > end || !(error.notSent || method === "GET")) throw error;
    }
  }
}

function askOnce(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent });
    let connected = false;
    const fail = (error) => reject(Object.assign(error, { notSent: !connected, message: `${method} ${url}: ${error.message}` }));

    let timer = setTimeout(() => request.destroy(new Error("no connection")), CONNECT_MILLISECONDS);
    const sent = () => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(() => request.destroy(new Error("no answer")), ANSWER_MILLISECONDS);
    };
    request.on("socket", (socket) => (socket.connecting ? socket.once("connect", sent) : sent()));
    request.on("error", fail);
    request.on("close", () => clearTimeout(timer));
    request.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        try {
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) });
        } catch {
          fail(new Error(`answered ${response.statusCode} and something that is not JSON`));
        }
      });
    });
    request.end(body);
  });
}
