#!/bin/sh
# Runs a command as nobody, where of this machine's private folders only the named paths are to be seen. As a runner's
# machine has it: a program, its tools, and nothing of those who own the machine. To be run by
#   unshare --mount confine.sh STAGING PATH... -- COMMAND...
# A path that begins with + may be written. What is mounted goes with the process.
set -eu
staging=$1
shift
mount --make-rprivate /
mount -t tmpfs -o mode=0700 tmpfs "$staging"

count=0
paths=''
while [ "$1" != -- ]; do
  path=${1#+}
  count=$((count + 1))
  if [ -d "$path" ]; then mkdir "$staging/$count"; else : >"$staging/$count"; fi
  mount --rbind "$path" "$staging/$count"
  paths="$paths $1"
  shift
done
shift

for folder in $HIDDEN; do mount -t tmpfs -o mode=0755 tmpfs "$folder"; done
at=0
for given in $paths; do
  at=$((at + 1))
  path=${given#+}
  if [ -d "$staging/$at" ]; then
    mkdir -p "$path"
  else
    mkdir -p "$(dirname "$path")"
    [ -e "$path" ] || : >"$path"
  fi
  mount --rbind "$staging/$at" "$path"
  case $given in
    +*) ;;
    *) mount -o remount,bind,ro "$path" ;;
  esac
done
unset HIDDEN
exec setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
