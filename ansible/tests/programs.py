"""Programs of roles, loaded as modules: their names have no .py. They are laid out as on a machine, in sbin/ and lib/."""

import atexit
import importlib.machinery
import importlib.util
import pathlib
import shutil
import tempfile

ROLES = pathlib.Path(__file__).parent.parent / "roles"
MACHINE = pathlib.Path(tempfile.mkdtemp(prefix="platform-programs-"))
atexit.register(shutil.rmtree, MACHINE)
# The applications' users read them.
MACHINE.chmod(0o755)
(MACHINE / "sbin").mkdir()
(MACHINE / "lib/platform").mkdir(parents=True)
shutil.copy(ROLES / "secrets/files/azure_services.py", MACHINE / "lib/platform")


def program(path):
    """The module of a program, by its path in `roles/`."""
    file = pathlib.Path(shutil.copy(ROLES / path, MACHINE / "sbin"))
    loader = importlib.machinery.SourceFileLoader(file.name.replace("-", "_"), str(file))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
