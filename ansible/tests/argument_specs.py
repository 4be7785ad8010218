#!/usr/bin/env python3
"""Checks that every role documents exactly the variables that its defaults have, with the same values.

usage: argument_specs.py [ROLES_FOLDER]
"""

import pathlib
import sys

import yaml


def read(path):
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def complaints_about(role):
    defaults = read(role / "defaults/main.yml")
    specs_path = role / "meta/argument_specs.yml"
    options = read(specs_path).get("argument_specs", {}).get("main", {}).get("options", {})
    prefix = role.name.replace("-", "_") + "_"

    for name in sorted({*defaults, *options}):
        if not name.startswith(prefix):
            yield f"{name}: variables of this role begin with {prefix}"
        option = options.get(name)
        if option is None:
            yield f"{name}: is in defaults/main.yml; describe it in meta/argument_specs.yml"
        elif not option.get("description"):
            yield f"{name}: has no description in meta/argument_specs.yml"
        elif option.get("required"):
            if name in defaults:
                yield f"{name}: is required in meta/argument_specs.yml and yet has a default"
        elif name not in defaults:
            yield f"{name}: is in meta/argument_specs.yml; give it a default, or make it required"
        elif option.get("default") != defaults[name]:
            yield f"{name}: the default is {defaults[name]!r}, meta/argument_specs.yml says {option.get('default')!r}"
    for needed in ("README.md", "meta/main.yml", "tasks/main.yml"):
        if not (role / needed).exists():
            yield f"{needed} is missing"


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "roles"
    roles = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [f"{role.name}: {complaint}" for role in roles for complaint in complaints_about(role)]
    print("\n".join(found) if found else f"{len(roles)} roles: specifications and defaults agree")
    return 1 if found or not roles else 0


if __name__ == "__main__":
    sys.exit(main())
