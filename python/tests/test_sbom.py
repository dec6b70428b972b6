# SPDX-License-Identifier: Apache-2.0
"""The bills of materials of the wheel and the bundle."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from conftest import ROOT

WHEELS = sorted((ROOT / "build/wheel").glob("*.whl"))
BUNDLES = sorted((ROOT / "build/bundle").glob("*.tar.gz"))


def refusal(bill: str) -> object:
    """What CycloneDX's own schema has against a document; None where it is valid."""
    pytest.importorskip("cyclonedx")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_5).validate_str(bill)


@pytest.mark.skipif(not WHEELS, reason="no wheel in build/wheel")
def test_the_wheels_bill_is_valid_cyclonedx() -> None:
    bill = WHEELS[0].with_suffix(".cdx.json").read_text()
    assert refusal(bill) is None
    assert refusal(bill.replace('"type": "library"', '"type": "book"')) is not None


@pytest.mark.skipif(not BUNDLES, reason="no bundle in build/bundle (make bundle)")
def test_the_bundles_bill_is_valid_cyclonedx() -> None:
    with tarfile.open(BUNDLES[0]) as archive:
        (name,) = [name for name in archive.getnames() if name.endswith("/sbom.cdx.json")]
        file = archive.extractfile(name)
        assert file is not None
        assert refusal(file.read().decode()) is None


@pytest.mark.skipif(not WHEELS, reason="no wheel in build/wheel")
@pytest.mark.skipif(not Path("/usr/bin/dpkg-query").exists(), reason="no Debian")
def test_the_wheels_bill_names_what_pip_and_debian_bring(tmp_path: Path) -> None:
    output = tmp_path / "sbom.json"
    subprocess.run([sys.executable, ROOT / "scripts/sbom.py", WHEELS[0], output], check=True)
    bill = json.loads(output.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    names = {component["name"]: component for component in bill["components"]}
    assert names["openvino"]["purl"] == "pkg:pypi/openvino@2026.4.1"
    assert {"numpy", "nanobind", "libopencv-core406", "libtiff6", "libcli11-dev", "nlohmann-json3-dev"} <= set(names)
    refs = {component["bom-ref"] for component in bill["components"]}
    assert set(bill["dependencies"][0]["dependsOn"]) == refs
    linked = subprocess.run(
        ["ldd", ROOT / "build/release/libcapillaryx.so"], capture_output=True, text=True, check=True
    ).stdout
    for package, library in {
        "libhwy1": "libhwy.so",
        "libseccomp2": "libseccomp.so",
        "libnettle8": "libnettle.so",
    }.items():
        assert library in linked
        assert names[package]["version"]
