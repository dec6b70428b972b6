# SPDX-License-Identifier: Apache-2.0
"""Machines as people have them: few CPUs for many, parents that ignore their children, limits, no /proc."""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import results
from conftest import ROOT

FLAGS = ("--no-overlays", "--quiet")


def run(
    command: list[object],
    prepare: Callable[[], None] | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        preexec_fn=prepare,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
        env=env,
    )


def workers_of(out: Path) -> int:
    workers: int = results.lines(out)[0]["host"]["workers"]
    return workers


def test_there_are_as_many_workers_as_cpus_that_may_be_used(program: Path, tissue_folder: Path, tmp_path: Path) -> None:
    cpus = sorted(os.sched_getaffinity(0))
    command = [program, "analyze", tissue_folder, "-o", tmp_path / "one", *FLAGS]
    done = run(command, lambda: os.sched_setaffinity(0, {cpus[0]}))
    assert done.returncode == 0, done.stderr
    assert workers_of(tmp_path / "one") == 1


def test_a_parent_that_ignores_its_children_changes_nothing(program: Path, tissue_folder: Path, tmp_path: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    for name, flags in {"driver": (), "router": ("--executor", "router")}.items():
        done = run([program, "analyze", tissue_folder, "-o", tmp_path / name, *FLAGS, *flags], ignore)
        assert done.returncode == 0, done.stderr
        assert len(results.frames(tmp_path / name)) == 6
    if (ffmpeg := shutil.which("ffmpeg")) is not None:
        subprocess.run(
            [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x96:d=0.2", "-c:v", "ffv1", tmp_path / "a.mkv"],
            check=True,
        )
        done = run([program, "analyze", tmp_path / "a.mkv", "-o", tmp_path / "video", *FLAGS], ignore)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without other processes")
@pytest.mark.parametrize("limit", [1, 2, 4, 8, 16])
def test_a_limit_on_processes_gives_right_results_or_a_clear_error(
    program: Path, tissue_folder: Path, tmp_path: Path, limit: int
) -> None:
    work = tmp_path / "work"
    shutil.copytree(tissue_folder, work / "in")
    user = 54_000 + limit
    for path in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        path.chmod(path.stat().st_mode | 0o055)
    os.chown(work, user, user)
    (work / "in").chmod(0o755)

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
        os.setgid(user)
        os.setuid(user)

    done = run([program, "analyze", work / "in", "-o", work / "out", *FLAGS, "--workers", 2], narrow)
    if done.returncode == 0:
        assert len(results.frames(work / "out")) == 6
    else:
        assert done.returncode == 1
        reasons = ("limit on processes", "ulimit -u", "Resource temporarily unavailable")
        assert any(reason in done.stderr for reason in reasons), done.stderr
        assert "internal error" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can unmount /proc")
@pytest.mark.parametrize("executor", ["driver", "router", "serial"])
def test_without_proc_results_are_right_or_the_error_is_clear(
    program: Path, tissue_folder: Path, tmp_path: Path, executor: str
) -> None:
    out = tmp_path / "out"
    analyze = f"exec '{program}' analyze '{tissue_folder}' -o '{out}' {' '.join(FLAGS)} --executor {executor}"
    done = run(["unshare", "--mount", "sh", "-c", f"umount -l /proc 2>/dev/null || exit 77; {analyze}"])
    if done.returncode == 77:
        pytest.skip("/proc cannot be unmounted here")
    if done.returncode == 0:
        assert len(results.frames(out)) == 6
    else:
        assert done.returncode == 1
        assert "/proc" in done.stderr, done.stderr


def test_the_set_up_waits_for_a_package_manager_that_is_busy(tmp_path: Path) -> None:
    """apt-get finds its lock taken twice, then is let through."""
    tools = tmp_path / "bin"
    tools.mkdir()
    calls = tmp_path / "calls"
    scripts = {
        "dpkg-query": "exit 0",
        "id": "echo 0",
        "apt-get": f"""echo "$@" >>{calls}
if [ "$(wc -l <{calls})" -le 2 ]; then
  echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1234 (apt-get)" >&2
  exit 100
fi""",
    }
    for name, body in scripts.items():
        (tools / name).write_text(f"#!/bin/bash\n{body}\n")
        (tools / name).chmod(0o755)
    source = (ROOT / "scripts/setup.sh").read_text()
    script = tmp_path / "setup.sh"
    # The part that installs packages alone, from this checkout.
    script.write_text(
        source.replace('"$(dirname "${BASH_SOURCE[0]}")/common.sh"', f'"{ROOT}/scripts/common.sh"').split(
            "\nrequirements=("
        )[0]
    )
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "APT_RETRY_S": "0"}
    done = run(["bash", script, "run"], env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("waiting for it") == 2
    words = calls.read_text().splitlines()
    assert [line.split()[1] for line in words[:3]] == ["update"] * 3
    assert " install " in words[3]
