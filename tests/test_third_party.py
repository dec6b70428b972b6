# SPDX-License-Identifier: Apache-2.0
"""THIRD_PARTY.md names every dependency, and its version where this project pins it."""

import json
import re

import pytest
from conftest import ROOT

ROWS = dict(re.findall(r"^\| (\S+) \| (\S+)", (ROOT / "THIRD_PARTY.md").read_text(), re.MULTILINE))
DEBIAN = re.findall(r"^[a-z]+ (\S+)$", (ROOT / "scripts/debian-packages.txt").read_text(), re.MULTILINE)
PINNED = [
    (name, version)
    for file in sorted((ROOT / "requirements").glob("*.txt"))
    for name, version in re.findall(r"^([^#\s=]+)(.*)$", file.read_text(), re.MULTILINE)
]
# What is built for one system alone belongs to the package that asks for it.
NPM = {
    name.removeprefix("node_modules/"): package["version"]
    for name, package in json.loads((ROOT / "web/package-lock.json").read_text())["packages"].items()
    if name and "os" not in package
}


@pytest.mark.parametrize("package", sorted(set(DEBIAN)))
def test_debian_package_is_named(package: str) -> None:
    assert package in ROWS


@pytest.mark.parametrize(("package", "version"), PINNED)
def test_python_package_is_named_with_its_pinned_version(package: str, version: str) -> None:
    assert re.fullmatch(r"==\d\S*", version), "requirements are pinned with =="
    assert ROWS.get(package) == version.removeprefix("==")


@pytest.mark.parametrize(("package", "version"), sorted(NPM.items()))
def test_npm_package_is_named_with_its_locked_version(package: str, version: str) -> None:
    assert ROWS.get(package) == version


def test_lock_file_names_no_host() -> None:
    text = (ROOT / "web/package-lock.json").read_text()
    assert '"resolved"' not in text
    assert '"integrity"' in text
