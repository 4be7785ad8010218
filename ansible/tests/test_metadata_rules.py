"""The rules that keep the metadata service for root, in a network of their own."""

import os
import shutil
import subprocess
import unittest

from programs import ROLES

RULES = ROLES / "debian-base/files/metadata.nft"
# As root and as another account: does a connection come about? Twice loaded, beside a table of somebody else.
SCRIPT = f"""
ip link set lo up
ip address add 169.254.169.254/32 dev lo
nft add table ip other
nft -f {RULES}
nft -f {RULES}
nft list tables
python3 -IS -c '
import os, socket
server = socket.create_server(("169.254.169.254", 80))
for user in (0, 65534):
    os.seteuid(user)
    try:
        socket.create_connection(("169.254.169.254", 80), 5).close()
        print(user, "connected")
    except TimeoutError:
        print(user, "waited")
    except OSError:
        print(user, "refused")
    os.seteuid(0)
'
"""


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("nft") and shutil.which("unshare"), "needs root and nft")
class MetadataRules(unittest.TestCase):
    def test_only_root_reaches_it_others_are_refused_at_once_and_no_other_table_is_touched(self):
        run = subprocess.run(["unshare", "--net", "sh", "-ec", SCRIPT], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        expected = ["table ip other", "table ip platform_metadata", "0 connected", "65534 refused"]
        self.assertEqual(run.stdout.splitlines(), expected)


if __name__ == "__main__":
    unittest.main()
