#!/bin/sh
# Ends when cloud-init and the machine's own configuration run have ended.
# Its run repeats until it succeeds. One that keeps failing (a mistake in the roles that the machine was born with)
# is stopped, so that this run, which may bring the correction, can take its place.
# result.json is there once cloud-init has ended. To ask cloud-init itself takes half a second.
[ -e /run/cloud-init/result.json ] || cloud-init status --wait >/dev/null 2>&1 || true

while :; do
  state=$(systemctl show --property=ActiveState --property=SubState --property=NRestarts platform-boot.service)
  case $state in
    *ActiveState=activating*SubState=auto-restart*)
      restarts=${state#*NRestarts=}
      if [ "${restarts%%[!0-9]*}" -ge 2 ]; then
        systemctl disable --now platform-boot.service
        echo "taken over: first-boot configuration kept failing, see /var/log/platform-boot.log"
        exit 0
      fi
      ;;
    *ActiveState=activating* | *ActiveState=reloading*) ;;
    *) exit 0 ;;
  esac
  sleep 1
done
