"""Appends what changed, or would, to the file that PLATFORM_CHANGES names: a JSON object per line."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: changes
    type: notification
    short_description: Writes what changed to a file
    description: >-
      A JSON object per line with host, role (or null), task, module and diff, the difference as Ansible shows it; nothing
      of what a task hides. At the end of the run a line with the names of all hosts. Nothing where PLATFORM_CHANGES is not
      set.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "changes"

    def v2_runner_on_ok(self, result):
        # Ansible has taken out of it what a task hides, differences as well.
        values = result.result
        if not values.get("changed") or not os.environ.get("PLATFORM_CHANGES"):
            return
        task = result.task
        parts = [part for part in values.get("results") or [values] if isinstance(part, dict) and part.get("changed")]
        self._append({
            "host": result.host.get_name(),
            "role": task._role.get_name() if task._role else None,
            "task": task.name or task.action,
            "module": task.resolved_action or task.action,
            "diff": "".join(self._get_diff(part["diff"]) for part in parts if part.get("diff")),
        })

    def v2_playbook_on_stats(self, stats):
        self._append({"hosts": sorted(stats.processed)})

    def _append(self, said):
        path = os.environ.get("PLATFORM_CHANGES")
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"{json.dumps(said)}\n")
