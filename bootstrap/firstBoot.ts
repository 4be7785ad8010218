/** What a machine does by itself when it starts for the first time. */

/** Where a machine keeps what it configures itself with. */
export const home = "/opt/platform";
/** Exists once a machine has configured itself. */
export const marker = "/var/lib/platform/configured";
export const log = "/var/log/platform-boot.log";

/** Settings of the machine's own run: those that change what a playbook does are the controller's. */
export const ansibleConfiguration = `[defaults]
roles_path = roles
gathering = explicit
interpreter_python = /usr/bin/python3
callback_result_format = yaml
retry_files_enabled = False
inventory_unparsed_failed = True
strategy = mitogen_linear
strategy_plugins = /usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy
deprecation_warnings = False
`;

/** The run. It is retried by systemd, so every step may be repeated. */
export function bootScript(kind: string): string {
  return `#!/bin/bash
# Configures this machine with the playbook that it was born with.
set -euo pipefail
cd ${home}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root

configure() {
  if ! dpkg -s ansible-core ansible-mitogen >/dev/null 2>&1; then
    apt-get -q -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 update
    apt-get -q -y -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 install --no-install-recommends \\
      ansible-core ansible-mitogen
  fi
  ansible-playbook -i inventory/boot.yml playbooks/${kind}.yml
}

configure </dev/null 2>&1 | tee -a ${log}
mkdir -p ${marker.slice(0, marker.lastIndexOf("/"))}
touch ${marker}
`;
}

/** The unit that runs the script until it has succeeded once. */
export const bootUnit = `[Unit]
Description=Configure this machine as its scale set describes
ConditionPathExists=!${marker}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${home}/boot
Restart=on-failure
RestartSec=10
StandardOutput=journal+console
StandardError=inherit

[Install]
WantedBy=multi-user.target
`;

export const unitPath = "/etc/systemd/system/platform-boot.service";

/**
 * Commands that cloud-init runs at the end. It does not wait for the run: host keys reach the console and the
 * administrators get in although a mistake in a role lets it fail again and again.
 */
export const bootCommands = [
  ["systemctl", "daemon-reload"],
  ["systemctl", "enable", "platform-boot.service"],
  ["systemctl", "start", "--no-block", "platform-boot.service"],
];
