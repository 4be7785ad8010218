"""Which units have not read their files as they are now, from the times that systemd and the file system keep.

The argument is JSON: {"units": [NAME], "restart": [FILES OF EACH UNIT], "reload": [FILES OF EACH UNIT]}, where a path
may be a pattern. Prints JSON: {"restart": {NAME: FILE}, "reload": {NAME: FILE}}, each with the file that says so.
"""

import datetime
import glob
import json
import os
import subprocess
import sys

# Of role redirect: systemd looks them up anew for each start and reload of a unit that runs, so they ask for none.
NEEDLESS = "redirect.conf"
# A package restarts what shall read its files anew, or leaves it alone on purpose.
PACKAGES = ("/usr/lib/", "/lib/")
PROPERTIES = (
    "ActiveState InactiveExitTimestamp ConditionTimestamp StateChangeTimestamp ReloadResult NeedDaemonReload "
    "FragmentPath DropInPaths"
)


def show(units):
    """Properties of each unit, in their order."""
    command = ["systemctl", "show", "--timestamp=us+utc", *(f"--property={name}" for name in PROPERTIES.split())]
    shown = subprocess.run([*command, "--", *units], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")]


def seconds(timestamp):
    """Of `Sat 2026-11-28 18:30:00.123456 UTC`, since 1970; 0 for what never was."""
    if timestamp in ("", "n/a"):
        return 0.0
    moment = datetime.datetime.strptime(timestamp, "%a %Y-%m-%d %H:%M:%S.%f UTC")
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


def newer(patterns, since):
    """The first file that came or was changed since then, by this machine's clock. The time of its content may be that of
    the controller's copy."""
    files = (file for pattern in patterns for file in sorted(glob.glob(pattern)))
    return next((file for file in files if os.stat(file).st_ctime > since), None)


def need(unit, restart, reload):
    """("restart" or "reload", a file), or None where the unit is up to date."""
    # Where starting began, also one that this machine has no use for (a condition that is not met): the service may
    # have read its files at any moment since.
    start = max(seconds(unit["InactiveExitTimestamp"]), seconds(unit["ConditionTimestamp"]))
    active = unit["ActiveState"] == "active"
    additions = [path for path in unit["DropInPaths"].split() if os.path.basename(path) != NEEDLESS]
    own = [glob.escape(path) for path in [unit["FragmentPath"], *additions] if path and not path.startswith(PACKAGES)]
    found = newer([*own, *restart, *([] if active else reload)], start)
    if found is None and unit["NeedDaemonReload"] == "yes":
        found = unit["FragmentPath"]
    if found:
        return "restart", found
    # A unit that is active changes its state no more but by a reload, and one that failed has read nothing.
    read = unit["StateChangeTimestamp"] if unit.get("ReloadResult", "success") == "success" else ""
    found = newer(reload, max(start, seconds(read)))
    return ("reload", found) if found else None


def main():
    asked = json.loads(sys.argv[1])
    answer = {"restart": {}, "reload": {}}
    for name, unit, restart, reload in zip(asked["units"], show(asked["units"]), asked["restart"], asked["reload"]):
        found = need(unit, restart, reload)
        if found:
            answer[found[0]][name] = found[1]
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
