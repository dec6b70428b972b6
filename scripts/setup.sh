#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/setup.sh GROUP...    (build, run, test, check, fuzz, bench, count, train, figures, other_frames, peer, python, bundle, soak, web)
# Installs what the groups need: packages of Debian 12 (debian-packages.txt) and the Python environments .venv and
# .venv-train (requirements/). Does nothing where everything is there already.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

has_group() { [[ " $groups " == *" $1 "* ]]; }

install_debian_packages() {
  local wanted missing=() package
  wanted=$(awk -v groups=" $groups " '/^[a-z]/ && index(groups, " " $1 " ") {print $2}' scripts/debian-packages.txt | sort -u)
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian system: going on without installing packages. Needed is what Debian 12 calls"
    echo "${wanted//$'\n'/ }"
    return
  fi
  local present
  # shellcheck disable=SC2086  # the list is split on purpose
  present=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $wanted 2>/dev/null | awk '$2 == "installed" {print $1}' || true)
  for package in $wanted; do
    grep -qxF "$package" <<<"$present" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      say "${#missing[@]} Debian packages are missing, and only the administrator (root) can install them. Run"
      echo
      echo "    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
      echo
      die "packages are missing; give the same command again once they are there"
    fi
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  when_apt_is_free "${as_root[@]}" env LC_ALL=C apt-get -qq update
  when_apt_is_free "${as_root[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 install "${missing[@]}" >/dev/null
}

# when_apt_is_free COMMAND...: runs an apt-get command, again and again for up to ten minutes while another package
# manager (as the updates of a machine that was just started) has its lock. DPkg::Lock::Timeout would wait for one of
# the locks alone.
when_apt_is_free() {
  local deadline=$((SECONDS + ${APT_WAIT_S:-600})) messages status
  while true; do
    status=0
    { messages=$("$@" 2>&1 >&3); } 3>&1 || status=$?
    [ -z "$messages" ] || echo "$messages" >&2
    [ "$status" -ne 0 ] || return 0
    [[ "$messages" == *"Could not get lock"* || "$messages" == *"Unable to lock"* ]] || return "$status"
    [ "$SECONDS" -lt "$deadline" ] || die "another package manager is still at work; give the same command again later"
    say "another package manager is at work: waiting for it"
    sleep "${APT_RETRY_S:-5}"
  done
}

# python_environment FOLDER REQUIREMENTS_FILE...: makes FOLDER, a virtual environment that has the packages named.
python_environment() {
  local folder=$1 python=${PYTHON:-/usr/bin/python3} stamp file
  shift
  [ -x "$python" ] || python=$(command -v python3) || die "python3 is missing"
  if ! "$folder/bin/python" -c '' 2>/dev/null; then
    say "making the Python environment $folder with $python ($("$python" -V))"
    "$python" -m venv --clear "$folder" || die "cannot make $folder; on Debian the package python3-venv is needed"
  fi
  for file in "$@"; do
    stamp=$folder/.installed-$(basename "$file" .txt)
    sha256sum "$file" | cut -d' ' -f1 | cmp -s - "$stamp" && continue
    (
      flock 9
      say "installing Python packages of $file into $folder"
      "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$file"
      sha256sum "$file" | cut -d' ' -f1 >"$stamp"
    ) 9>"$folder/.lock"
  done
}

groups="$*"
# Any Node with npm will do; Debian's npm is several hundred packages.
if has_group web && command -v node >/dev/null && command -v npm >/dev/null; then groups=" $groups "; groups=${groups/ web / }; fi
[ -n "$groups" ] || die "usage: scripts/setup.sh GROUP... (build, run, test, check, fuzz, bench, count, train, figures, other_frames, peer, python, bundle, soak, web)"
install_debian_packages
requirements=(requirements/run.txt)
if has_group test || has_group check; then requirements+=(requirements/dev.txt); fi
if has_group test; then requirements+=(requirements/statistics.txt); fi
python_environment .venv "${requirements[@]}"
if has_group train; then python_environment .venv-train requirements/train.txt; fi
mkdir -p build
if has_group figures; then python_environment build/figures-venv requirements/figures.txt; fi
if has_group other_frames; then python_environment build/other-frames-venv requirements/other_frames.txt; fi
if has_group python; then python_environment build/python-venv requirements/python.txt; fi
if has_group bundle; then python_environment build/bundle-venv requirements/bundle.txt; fi
if has_group peer; then python_environment build/peer-venv "${PEER_REQUIREMENTS:?the requirements of the peer}"; fi
