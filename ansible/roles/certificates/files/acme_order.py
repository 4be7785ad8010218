"""Has an ACME authority (RFC 8555) give a certificate: `python3 -I acme_order.py FOLDER` with the task as JSON on standard
input. FOLDER has the client, which is Certbot's library. Prints {"chain"}, or {"error", "pause", "away"}."""

import contextlib
import datetime
import json
import pathlib
import sys
import time
import urllib.parse

if __name__ == "__main__":
    # Before Debian's, which may be older.
    sys.path.insert(0, sys.argv[1])
sys.path.append(str(pathlib.Path(__file__).parent))
import azure_services
import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.resolver
import josepy
import requests
from acme import challenges, client, crypto_util, errors, messages
from azure_services import Unanswered, parse
from cryptography.hazmat.primitives import serialization

ANSWER_SECONDS = 30
AUTHORITY_SECONDS = 300
NONCES = 5
# Azure has a new record at all of its servers within a minute.
RECORD_SECONDS = 120
DNS_SECONDS = 3
DNS_PORT = 53
ARM_API, INSTANCE_API = "2018-05-01", "2021-02-01"
# Of clouds whose vaults are elsewhere than their Resource Manager.
DOMAINS = {"azure.net": "azure.com", "azure.cn": "chinacloudapi.cn"}


class Refused(Exception):
    """The authority said no."""

    def __init__(self, reason, pause=0, away=False):
        super().__init__(reason)
        self.pause, self.away = pause, away


class Network(client.ClientNetwork):
    """Asks the authority; remembers for how long it wants to be left alone."""

    pause = 0

    def _send_request(self, *arguments, **more):
        answer = super()._send_request(*arguments, **more)
        if not answer.ok:
            with contextlib.suppress(ValueError, OverflowError):
                until = client.ClientV2.retry_after(answer, 0)
                self.pause = max(0, (until - datetime.datetime.now()).total_seconds())
        return answer

    def post(self, *arguments, **more):
        for _ in range(NONCES):
            with contextlib.suppress(errors.BadNonce):
                try:
                    return self._post_once(*arguments, **more)
                except messages.Error as error:
                    if error.code != "badNonce":
                        raise
        return self._post_once(*arguments, **more)


class NewOrder(messages.NewOrder):
    """With the certificate that it replaces: RFC 9773, 5."""

    replaces: str = josepy.field("replaces", omitempty=True)


class Client(client.ClientV2):
    replaces = None

    def _post(self, url, body, *arguments, **more):
        if isinstance(body, messages.NewOrder) and self.replaces:
            body = NewOrder(identifiers=body.identifiers, profile=body.profile, replaces=self.replaces)
        return super()._post(url, body, *arguments, **more)


def place(task):
    """The chain for the task's key, as PEM."""
    key = serialization.load_pem_private_key(task["account"].encode(), None)
    network = Network(
        josepy.JWKEC(key=josepy.ComparableECKey(key)),
        alg=josepy.ES256,
        # requests takes the path of a bundle for it; its own does not know the authorities of a company.
        verify_ssl=task["authorities"],
        user_agent="platform-certificates",
        timeout=ANSWER_SECONDS,
    )
    try:
        return complete(task, network)
    except (messages.Error, errors.Error) as error:
        raise Refused(said_by(error), network.pause, isinstance(error, errors.TimeoutError)) from error


def complete(task, network):
    authority = Client(Client.get_directory(task["acme"]["directory"], network), network)
    log_in(authority, task["acme"].get("contact"))
    csr = crypto_util.make_csr(task["key"].encode(), [task["host"]])
    ordered = new_order(authority, csr, task)
    for authorization in ordered.authorizations:
        if authorization.body.status == messages.STATUS_PENDING:
            answer(authority, authorization, task)
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=AUTHORITY_SECONDS)
    return authority.poll_and_finalize(ordered, deadline).fullchain_pem


def log_in(authority, contact):
    """The account of the key at this authority, which is made where there is none."""
    known = messages.NewRegistration.from_data(email=contact, terms_of_service_agreed=True)
    try:
        authority.new_account(known)
    except errors.ConflictError as error:
        authority.net.account = messages.RegistrationResource(uri=error.location, body=known)


def new_order(authority, csr, task):
    authority.replaces = task["replaces"]
    try:
        return authority.new_order(csr, profile=task["acme"].get("profile"))
    except (messages.Error, errors.ConflictError) as error:
        # It was replaced, or the authority knows it no more: that is no reason to have none.
        if not task["replaces"] or getattr(error, "code", None) in ("rateLimited", "rejectedIdentifier", "invalidProfile"):
            raise
        authority.replaces = None
        return authority.new_order(csr, profile=task["acme"].get("profile"))


def answer(authority, authorization, task):
    wanted = challenges.DNS01 if task["challenge"] == "dns-01" else challenges.HTTP01
    offered = [one for one in authorization.body.challenges if isinstance(one.chall, wanted)]
    if not offered:
        raise Refused(f"the authority offers no {task['challenge']} for {task['host']}")
    if wanted is challenges.DNS01:
        name = f"_acme-challenge.{task['host'].removeprefix('*.')}"
        set_record(task, name, offered[0].validation(authority.net.key))
    authority.answer_challenge(offered[0], offered[0].response(authority.net.key))


def said_by(error):
    if isinstance(error, errors.ValidationError):
        found = [(one.body.identifier.value, challenge.error) for one in error.failed_authzrs for challenge in one.body.challenges]
        return "; ".join(f"{name}: {challenge}" for name, challenge in found if challenge)
    return str(error) or type(error).__name__


# ------------------------------------------------------------------------------------------------ the record


def set_record(task, name, value):
    """The TXT record set of that name has this one value, and the zone's servers say so."""
    zone = task["zone"]
    suffix = urllib.parse.urlsplit(task["vault"]).netloc.split(".vault.", 1)[1]
    manager = f"https://management.{DOMAINS.get(suffix, suffix)}"
    with azure_services.answers("the metadata service"):
        _, _, body = azure_services.ask(
            f"{azure_services.METADATA}/metadata/instance/compute?api-version={INSTANCE_API}",
            {"Metadata": "true"},
            azure_services.METADATA_AGAIN,
        )
    machine = parse(body)
    url = (
        f"{manager}/subscriptions/{machine.get('subscriptionId')}/resourceGroups/{machine.get('resourceGroupName')}"
        f"/providers/Microsoft.Network/dnsZones/{zone}/TXT/{name.removesuffix(f'.{zone}')}?api-version={ARM_API}"
    )
    with azure_services.answers(manager):
        # https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
        token = azure_services.new_token(f"{manager}/", task["client_id"])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        status, _, body = azure_services.ask(url, headers)
        # What else is in it is the program's that made it.
        properties = parse(body).get("properties", {}) if status == 200 else {}
        kept = {"metadata": properties["metadata"]} if properties.get("metadata") else {}
        new = {"properties": {**kept, "TTL": 1, "TXTRecords": [{"value": [value]}]}}
        status, _, body = azure_services.ask(url, headers, method="PUT", body=json.dumps(new).encode())
    if status not in (200, 201):
        code = parse(body).get("error", {}).get("code", "")
        raise Unanswered(f"{manager} answers {status} {code} for TXT {name} to identity {task['client_id']}")
    await_record(zone, name, value)


def await_record(zone, name, value):
    """Until all of the zone's servers that answer have the value; the authority asks any of them."""
    end = time.monotonic() + RECORD_SECONDS
    while not has_record(zone, name, value) and time.monotonic() < end:
        time.sleep(2)


def has_record(zone, name, value):
    try:
        answers = [found for found in (values_at(server, name) for server in servers_of(zone)) if found is not None]
    except dns.exception.DNSException:
        return False
    return bool(answers) and all(value in found for found in answers)


def servers_of(zone):
    return [
        address.to_text()
        for server in dns.resolver.resolve(zone, "NS", lifetime=DNS_SECONDS)
        for address in dns.resolver.resolve(server.target, "A", lifetime=DNS_SECONDS)
    ]


def values_at(server, name):
    """The values that a server has; None where it does not answer."""
    try:
        answer = dns.query.udp(dns.message.make_query(name, "TXT"), server, DNS_SECONDS, DNS_PORT)
    except (dns.exception.DNSException, OSError):
        return None
    sets = [found for found in answer.answer if found.rdtype == dns.rdatatype.TXT]
    return {b"".join(record.strings).decode() for found in sets for record in found}


def main():
    try:
        found = {"chain": place(json.loads(sys.stdin.read()))}
    except Refused as error:
        found = {"error": str(error), "pause": error.pause, "away": error.away}
    except requests.RequestException as error:
        found = {"error": f"the authority does not answer: {error}", "away": True}
    except Unanswered as error:
        found = {"error": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
