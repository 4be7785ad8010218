#!/bin/sh -eu
# usage: first-release.sh REPOSITORY REVISION, as the application's user in its folder.
# The link comes last: a release that was interrupted is never current, and the next run begins anew.
repository=$1 revision=$2
release=$PWD/releases/$(date -u +%Y%m%d%H%M%S)
export HOME="$PWD" GIT_TERMINAL_PROMPT=0
trap 'test $? -eq 0 || rm -rf "$release"' EXIT

mkdir -p releases
git init -q "$release"
cd "$release"
# The one revision, or, from a server that does not hand out single ones, all of them.
if git fetch -q --depth=1 "$repository" "$revision"; then
  git checkout -q --detach FETCH_HEAD
else
  git fetch -q "$repository" "+refs/*:refs/fetched/*"
  git checkout -q --detach "$(git rev-parse --verify --quiet "refs/fetched/heads/$revision" ||
    git rev-parse --verify --quiet "refs/fetched/tags/$revision^{commit}" || git rev-parse --verify "$revision^{commit}")"
fi
git rev-parse HEAD >REVISION
rm -rf .git

if [ -f package-lock.json ]; then
  npm ci --omit=dev --no-audit --no-fund --no-update-notifier
elif [ -f package.json ]; then
  npm install --omit=dev --no-audit --no-fund --no-update-notifier
fi
if [ -f requirements.txt ]; then
  # The machine's own pip fills it: a pip in each environment would cost more time than the packages.
  python3 -m venv --without-pip .venv
  # Bytecode is made when a module is imported for the first time: most of these modules never are.
  PYTHONPATH=$(echo /usr/share/python-wheels/pip-*.whl) python3 -m pip --python .venv/bin/python install --quiet \
    --no-compile --no-cache-dir --disable-pip-version-check --only-binary :all: -r requirements.txt
fi

ln -s "releases/${release##*/}" ../../current.new
mv -T ../../current.new ../../current
