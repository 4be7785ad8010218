/** Pure. */

/**
 * A shell script that removes what `platform-certificates` has on a machine (ansible/roles/certificates): certificates, the
 * thumbprint that answers challenges, and what it remembers. Then it waits until the files are there again, and says
 * `there again after <seconds>`.
 *
 * @param seconds For how long it waits.
 */
export function wiping(hosts: readonly string[], seconds: number): string {
  const folder = "/etc/nginx/certificates";
  const thumbprint = "/etc/nginx/acme.conf";
  const files = [thumbprint, ...hosts.map((host) => `${folder}/${host.replace("*", "any")}.pem`)];
  return [
    `rm -rf ${folder} ${thumbprint} /run/platform-certificates.json /run/platform-certificates.lock`,
    "now() { date +%s%N | cut -c1-13; }",
    "began=$(now)",
    `while [ $(($(now) - began)) -lt ${seconds * 1000} ]; do`,
    `if ${files.map((file) => `[ -s ${file} ]`).join(" && ")}; then`,
    "ms=$(($(now) - began))",
    "printf 'there again after %d.%03d\\n' $((ms / 1000)) $((ms % 1000))",
    "break",
    "fi",
    "sleep 0.2",
    "done",
  ].join("\n");
}
