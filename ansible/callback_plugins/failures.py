"""Appends what failed to the file that PLATFORM_FAILURES names: a JSON object per line (host, task, message)."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: failures
    type: notification
    short_description: Writes what failed to a file
    description: A JSON object per line with host, task and message. Nothing where PLATFORM_FAILURES is not set.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "failures"

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self._append(result)

    def v2_runner_on_unreachable(self, result):
        self._append(result)

    def _append(self, result):
        path = os.environ.get("PLATFORM_FAILURES")
        if not path:
            return
        # Ansible has put `censored` in the place of what a task hides.
        values = self._dump_results(result.result, serialize=False)
        failed = [item for item in values.get("results") or [] if item.get("failed")] or [values]
        parts = [item.get(key) for item in failed for key in ("censored", "msg", "stderr", "stdout")]
        message = "\n".join(str(part).strip() for part in parts if part)
        line = json.dumps({"host": result.host.get_name(), "task": result.task.get_name(), "message": message})
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
