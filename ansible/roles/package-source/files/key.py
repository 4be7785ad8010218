"""Has the signing key of a package source as a file, and prints what was done; nothing where it is there and valid.

Arguments: file, address of the key, fingerprint."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

FETCH_SECONDS = 30


def keys(path):
    """{fingerprint: whether it is valid today} of a file's primary keys."""
    with tempfile.TemporaryDirectory() as home:
        command = ["gpg", "--homedir", home, "--batch", "--with-colons", "--show-keys", str(path)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found, valid = {}, None
    for fields in (line.split(":") for line in shown.splitlines()):
        if fields[0] == "pub":
            ends = int(fields[6] or 0)
            valid = fields[1] not in ("r", "e", "d", "i") and (not ends or ends > time.time())
        elif fields[0] == "fpr" and valid is not None:
            found[fields[9]], valid = valid, None
    return found


def main(file, address, fingerprint):
    path, wanted = pathlib.Path(file), fingerprint.replace(" ", "").upper()
    if path.exists() and keys(path) == {wanted: True}:
        return None
    try:
        with urllib.request.urlopen(address, timeout=FETCH_SECONDS) as answer:
            content = answer.read(1 << 20)
    except (OSError, ValueError) as error:
        return f"{address} gives no key: {getattr(error, 'reason', error)}"
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    found = keys(new)
    if found != {wanted: True}:
        new.unlink()
        told = ", ".join(key if valid else f"{key}, which has expired" for key, valid in found.items()) or "no key"
        return f"{address} has {told}; allowed is one valid key with the fingerprint {wanted}, see packages.repository of the tier"
    new.chmod(0o644)
    os.replace(new, path)
    print(f"fetched {wanted}")
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
