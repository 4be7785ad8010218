"""Appends what failed to the file that PLATFORM_FAILURES names: a JSON object per line (host, task, message, how)."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

WAITS = ("ansible.builtin.wait_for_connection", "wait_for_connection")

DOCUMENTATION = """
    name: failures
    type: notification
    short_description: Writes what failed to a file
    description: >-
      A JSON object per line with host, task, message, and how it failed: `failed`; `lost`, a machine that had answered
      before; `silent`, one that did not answer from the beginning. No failure that is ignored or rescued, and nothing where PLATFORM_FAILURES is not set.
"""


def is_rescued(task):
    """Whether the task stands in a block whose rescue section runs when it fails, and not in that section itself."""
    within, parent = {task._uuid}, task._parent
    while parent is not None:
        if getattr(parent, "rescue", None) and within & {child._uuid for child in parent.block}:
            return True
        within.add(parent._uuid)
        parent = parent._parent
    return False


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "failures"

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if result.task.action in WAITS:
            # Told although the run goes on without the machine.
            self._append(result, "silent")
        elif not ignore_errors and not is_rescued(result.task):
            self._append(result, "failed")

    def v2_runner_on_unreachable(self, result):
        if not result.task.ignore_unreachable:
            self._append(result, "lost")

    def _append(self, result, how):
        path = os.environ.get("PLATFORM_FAILURES")
        if not path:
            return
        # Ansible has put `censored` in the place of what a task hides.
        values = self._dump_results(result.result, serialize=False)
        failed = [item for item in values.get("results") or [] if item.get("failed")] or [values]
        parts = [item.get(key) for item in failed for key in ("censored", "msg", "stderr", "stdout")]
        message = "\n".join(str(part).strip() for part in parts if part)
        said = {"host": result.host.get_name(), "task": result.task.get_name(), "message": message, "how": how}
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{json.dumps(said)}\n")
