# SPDX-License-Identifier: Apache-2.0
"""Software bills of materials (CycloneDX 1.5): what the bundle and the wheel hold and lean on.

usage: scripts/sbom.py WHEEL OUTPUT    The bill of the wheel; the bundle's is made with it (scripts/bundle.py).
"""

import functools
import hashlib
import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Component = dict[str, Any]
# Libraries of headers alone: no file of theirs is loaded, their code is inside ours.
COMPILED_IN = ("libcli11-dev", "libflatbuffers-dev", "nlohmann-json3-dev")


def version() -> str:
    """This project's."""
    found = re.search(r"VERSION (\d+\.\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text())
    assert found is not None
    return found[1]


@functools.cache
def debian_package(file: Path) -> tuple[str, str]:
    """Name and version of the Debian package that a file of this system belongs to."""
    real = file.resolve()
    # Where /lib is /usr/lib, packages may name either.
    for name in (real, Path("/") / real.relative_to("/usr") if real.is_relative_to("/usr") else real):
        done = subprocess.run(["dpkg-query", "-S", str(name)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            package = done.stdout.split(": ")[0].split(",")[0]
            shown = subprocess.run(
                ["dpkg-query", "-W", "-f=${Package} ${Version}", package], capture_output=True, text=True, check=True
            )
            found, number = shown.stdout.split()
            return found, number
    raise SystemExit(f"error: {file} belongs to no Debian package")


def compiled_in() -> list[tuple[str, str]]:
    """Name and version of the Debian packages of COMPILED_IN."""
    found = []
    for package in COMPILED_IN:
        shown = subprocess.run(
            ["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=True
        )
        found.append((package, shown.stdout))
    return found


def file_component(file: Path, name: str) -> Component:
    """A file with its hash."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def debian_component(package: str, number: str, files: list[Component]) -> Component:
    """A Debian package, and which of its files are there."""
    purl = f"pkg:deb/debian/{package}@{number}?arch=amd64&distro=bookworm"
    return library(package, number, purl, files)


def python_component(package: str, number: str, files: list[Component]) -> Component:
    """A package of PyPI."""
    return library(package, number, f"pkg:pypi/{package}@{number}", files)


def frontend_components() -> list[Component]:
    """What the built front end holds, as the licence texts beside it name it."""
    text = (ROOT / "web/dist/LICENCES.txt").read_text()
    found = re.findall(r"^={80}\n(\S+) (\S+) \(\S+\)\n={80}$", text, re.MULTILINE)
    return [library(name, number, f"pkg:npm/{name.replace('@', '%40')}@{number}", []) for name, number in found]


def library(name: str, number: str, purl: str, files: list[Component]) -> Component:
    """A component with those that it is made of."""
    component: Component = {"type": "library", "bom-ref": purl, "name": name, "version": number, "purl": purl}
    if files:
        component["components"] = files
    return component


def bill(name: str, components: list[Component]) -> str:
    """The whole document: the same components give the same bytes, so that it has no time and no serial number."""
    own = f"pkg:generic/{name}@{version()}"
    components = sorted(components, key=lambda component: str(component["bom-ref"]))
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": name,
                "version": version(),
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": own, "dependsOn": [component["bom-ref"] for component in components]}],
    }
    return json.dumps(document, indent=1) + "\n"


def needed_libraries(file: Path) -> dict[str, Path]:
    """What the system's loader would load with a program or library: name -> file."""
    done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=True)
    missing = re.findall(r"(\S+) => not found", done.stdout)
    if missing:
        raise SystemExit(f"error: {file} needs {', '.join(missing)}, which are not there")
    return {name: Path(path) for name, path in re.findall(r"(\S+) => (/\S+)", done.stdout)}


def wheel_bill() -> str:
    """The wheel: OpenVINO and NumPy by pip, the rest from Debian, nanobind linked in."""
    packages = {distribution.name: distribution.version for distribution in distributions()}
    components = [python_component(name, packages[name], []) for name in ("openvino", "numpy", "nanobind")]
    libraries = needed_libraries(ROOT / "build/release/libcapillaryx.so")
    found = {debian_package(file) for file in libraries.values() if not file.is_relative_to(ROOT) and is_systems(file)}
    components += [debian_component(name, number, []) for name, number in sorted({*found, *compiled_in()})]
    return bill("capillaryx-wheel", components + frontend_components())


def is_systems(file: Path) -> bool:
    """Whether Debian brought a file (and not pip)."""
    return "site-packages" not in str(file.resolve())


def main() -> None:
    """Writes the wheel's bill beside it."""
    wheel, output = Path(sys.argv[1]), Path(sys.argv[2])
    if not wheel.is_file():
        raise SystemExit(f"error: there is no wheel {wheel}")
    output.write_text(wheel_bill())


if __name__ == "__main__":
    main()
