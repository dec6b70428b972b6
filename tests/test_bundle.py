# SPDX-License-Identifier: Apache-2.0
"""The portable bundle runs where there is only Debian's C library: no other library, Python, network or rights."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import results
from conftest import ROOT, Run

ARCHIVES = sorted((ROOT / "build/bundle").glob("capillaryx-*-linux-x86_64.tar.gz"))
# A user namespace, a network namespace whose loopback is down, a process namespace with its own /proc.
UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not ARCHIVES:
        pytest.skip("no bundle: make bundle")
    folder = tmp_path_factory.mktemp("bundle") / "a folder"
    folder.mkdir()
    subprocess.run(["tar", "-xzf", ARCHIVES[0], "-C", folder], check=True)
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def bare_root(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the files of Debian's libc6, the bundle, and nothing else."""
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody make a user namespace")
    listed = subprocess.run(["dpkg-query", "-L", "libc6"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no Debian")
    root = tmp_path_factory.mktemp("bare") / "root"
    for name in ("lib64", "proc", "dev", "tmp"):
        (root / name).mkdir(parents=True)
    for name in listed.stdout.split():
        file = Path(name)
        if not file.is_file() or ".so" not in file.name or "gconv" in name:
            continue
        target = root / str(file.resolve()).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.resolve(), target)
    (root / "lib").symlink_to("usr/lib")
    loader = Path("/lib64/ld-linux-x86-64.so.2").resolve()
    (root / "lib64/ld-linux-x86-64.so.2").symlink_to(loader)
    if not (root / str(loader).lstrip("/")).is_file():
        shutil.copy2(loader, root / str(loader).lstrip("/"))
    (root / "dev/null").touch()
    shutil.copytree(unpacked, root / "opt/somewhere else")
    return root


@pytest.fixture(scope="module")
def debian_root(unpacked: Path) -> Iterator[Path]:
    """Debian's smallest system as debootstrap lays it down (it fetches packages; kept for the next time), and the
    bundle."""
    if os.getuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("debootstrap needs to be there and an administrator")
    root = ROOT / "build/debian-root"
    if not (root / "bin/sh").exists() or (root / "debootstrap").exists():
        shutil.rmtree(root, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", "bookworm", str(root), "http://deb.debian.org/debian"]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        if made.returncode != 0:
            pytest.skip(f"debootstrap could not fetch Debian: {made.stdout.strip().splitlines()[-1:]}")
    bundle = root / "opt/bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    shutil.copytree(unpacked, bundle)
    yield root
    for folder in (bundle, root / "frames", root / "tmp/out"):
        shutil.rmtree(folder, ignore_errors=True)


def in_root(root: Path, *words: str, expect: int = 0) -> str:
    """Runs a program of that root in it, without a network."""
    script = 'mount -t proc proc "$0/proc" && mount --bind /dev/null "$0/dev/null" && exec chroot "$0" "$@"'
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", script, str(root), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    assert done.returncode == expect, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_it_analyses_on_a_bare_root_without_a_network(
    bare_root: Path, tissue_folder: Path, capillaryx: Run, tmp_path: Path
) -> None:
    program = "/opt/somewhere else/capillaryx"
    assert "research use only" in in_root(bare_root, program, "--version").lower()
    shutil.copytree(tissue_folder, bare_root / "frames")
    in_root(bare_root, program, "analyze", "/frames", "-o", "/tmp/out", "--workers", "2")
    capillaryx("analyze", tissue_folder, "-o", tmp_path / "out")
    assert results.comparable(bare_root / "tmp/out") == results.comparable(tmp_path / "out")


@pytest.mark.soak
def test_it_analyses_on_a_fresh_debian_without_a_network(
    debian_root: Path, tissue_folder: Path, capillaryx: Run, tmp_path: Path
) -> None:
    assert "lo" in in_root(debian_root, "cat", "/proc/net/dev")
    assert in_root(debian_root, "cat", "/proc/net/route").count("\n") <= 1, "no way out"
    shutil.copytree(tissue_folder, debian_root / "frames", dirs_exist_ok=True)
    in_root(debian_root, "/opt/bundle/capillaryx", "analyze", "/frames", "-o", "/tmp/out", "--workers", "2", "--force")
    capillaryx("analyze", tissue_folder, "-o", tmp_path / "out")
    assert results.comparable(debian_root / "tmp/out") == results.comparable(tmp_path / "out")


def test_it_reads_networks_of_every_form_there(bare_root: Path) -> None:
    shutil.copytree(ROOT / "tests/networks", bare_root / "networks")
    for name in ("softmax.onnx", "tiny.xml", "tiny.tflite", "saved_model"):
        in_root(bare_root, "/opt/somewhere else/capillaryx", "model", "check", f"/networks/{name}")


def test_no_library_comes_from_outside_but_the_c_library(unpacked: Path) -> None:
    done = subprocess.run(["ldd", unpacked / "capillaryx"], capture_output=True, text=True, check=True)
    outside = [line.split()[0] for line in done.stdout.splitlines() if "=> /" in line and str(unpacked) not in line]
    assert set(outside) <= {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"}


def test_it_is_small_and_says_what_it_is(unpacked: Path) -> None:
    assert ARCHIVES[0].stat().st_size < 150_000_000
    text = (unpacked / "README.txt").read_text()
    assert "./capillaryx analyze FRAMES -o results" in text
    assert "Research use only, not for diagnosis" in text
    assert (unpacked / "licences/capillaryx-LICENSE").is_file()


def test_its_bill_of_materials_names_every_library_and_its_licence_is_there(unpacked: Path) -> None:
    bill = json.loads((unpacked / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    files = {file["name"] for component in bill["components"] for file in component.get("components", [])}
    there = {f"lib/{file.name}" for file in (unpacked / "lib").iterdir()}
    assert there - files == {"lib/libcapillaryx.so.0"}
    assert files <= there
    names = {component["name"] for component in bill["components"]}
    assert {"libcli11-dev", "libflatbuffers-dev", "nlohmann-json3-dev"} <= names, "what is compiled in counts too"
    assert all(component["version"] for component in bill["components"])
    report_licences = (unpacked / "licences/capillaryx-report.txt").read_text()
    for component in bill["components"]:
        if component["purl"].startswith("pkg:npm/"):
            assert f"\n{component['name']} {component['version']} (" in report_licences
            continue
        assert component["purl"].startswith(("pkg:deb/debian/", "pkg:pypi/openvino@"))
        assert list((unpacked / "licences").glob(f"{component['name']}*")), f"no licence of {component['name']}"
