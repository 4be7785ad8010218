#!/bin/sh
# Runs a command on a host network of its own, so that tests neither meet nor disturb a lab that runs on this host.
# Whatever the command leaves behind ends with it. Its uplink leads to a namespace named "upstream" (203.0.113.1), which stands for the Internet of the host.
#   lab/fabric/isolated.sh node_modules/.bin/vitest run --project lab lab/fabric/networks.root lab/fabric/gitServer.root
set -eu
if [ "$(id -u)" != 0 ]; then echo "isolated.sh: namespaces need root; run it with sudo" >&2; exit 1; fi
if [ "${LAB_ISOLATED:-}" != 1 ]; then LAB_ISOLATED=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"; fi

mkdir -p /run/netns /etc/netns
mount -t tmpfs tmpfs /run/netns
# A test that names no folder for the lab's state must not meet that of a lab that runs.
LAB_STATE=${LAB_STATE:-/run/netns/.state}
export LAB_STATE
mount -t tmpfs tmpfs /etc/netns
echo "nameserver 203.0.113.1" > /etc/netns/resolv.conf
mount --bind /etc/netns/resolv.conf "$(readlink -f /etc/resolv.conf)"

ip link set lo up
ip netns add upstream
ip link add wan type veth peer name eth0 netns upstream
ip addr add 203.0.113.2/24 dev wan
ip link set wan up
ip route add default via 203.0.113.1
ip -n upstream addr add 203.0.113.1/24 dev eth0
ip -n upstream link set lo up
ip -n upstream link set eth0 up
exec "$@"
