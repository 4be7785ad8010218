"""Programs of roles, loaded as modules: their names have no .py."""

import importlib.machinery
import importlib.util
import pathlib

ROLES = pathlib.Path(__file__).parent.parent / "roles"


def program(path):
    """The module of a program, by its path in `roles/`."""
    file = ROLES / path
    loader = importlib.machinery.SourceFileLoader(file.name.replace("-", "_"), str(file))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
