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
for given in "$@"; do
  [ "$given" != -- ] || break
  path=${given#+}
  count=$((count + 1))
  if [ -d "$path" ]; then mkdir "$staging/$count"; else : >"$staging/$count"; fi
  mount --rbind "$path" "$staging/$count"
done

for folder in $HIDDEN; do mount -t tmpfs -o mode=0755 tmpfs "$folder"; done
count=0
while [ "$1" != -- ]; do
  path=${1#+}
  count=$((count + 1))
  if [ -d "$staging/$count" ]; then
    mkdir -p "$path"
  else
    mkdir -p "$(dirname "$path")"
    [ -e "$path" ] || : >"$path"
  fi
  mount --rbind "$staging/$count" "$path"
  case $1 in
    +*) ;;
    *) mount -o remount,bind,ro "$path" ;;
  esac
  shift
done
shift
unset HIDDEN
exec setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
