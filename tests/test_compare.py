# SPDX-License-Identifier: Apache-2.0
"""`capillaryx compare`: several algorithms over the same frames, in one table."""

import json
from pathlib import Path

import pytest
import results
from conftest import ROOT, Run

BUILT_IN = ["capillary", "background-ssim", "tophat-skeleton", "clahe-otsu"]


@pytest.fixture(scope="module")
def drawn(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    capillaryx("phantom", 3, "-o", folder)
    return folder


@pytest.fixture(scope="module")
def labels(drawn: Path) -> Path:
    (file,) = drawn.glob("*.json")
    return file


def test_table_holds_what_evaluate_and_the_results_say(
    capillaryx: Run, drawn: Path, labels: Path, tmp_path: Path
) -> None:
    said = capillaryx("compare", drawn, "-o", tmp_path / "out", "--labels", labels).stdout
    table = json.loads((tmp_path / "out/compare.json").read_text())
    assert [row["analyzer"] for row in table["analyzers"]] == BUILT_IN
    for row in table["analyzers"]:
        assert f"\n{row['analyzer']} " in f"\n{said}"
        folder = tmp_path / "out" / row["folder"]
        results.check(folder, ROOT)
        frames = results.frames(folder)
        assert row["ok"] == len(frames) == 3
        assert row["mean_count"] == pytest.approx(sum(frame["count"] for frame in frames) / 3)
        assert row["mean_density"] == pytest.approx(sum(frame["density"] for frame in frames) / 3)
        evaluation = json.loads(capillaryx("evaluate", folder, "--labels", labels, "--json").stdout)
        assert row["agreement"] == evaluation["total"]
        assert row["intervals"] == evaluation["intervals"]
    f1 = {row["analyzer"]: row["agreement"]["f1"] for row in table["analyzers"]}
    assert f1["capillary"] > max(f1["tophat-skeleton"], f1["clahe-otsu"])
    precision = {row["analyzer"]: row["agreement"]["precision"] for row in table["analyzers"]}
    assert precision["capillary"] > precision["background-ssim"], "what the network is for"


def test_a_comparator_gives_the_same_on_every_executor(capillaryx: Run, drawn: Path, tmp_path: Path) -> None:
    for name in BUILT_IN[1:]:
        kept: list[dict[str, str]] = []
        for how in (["--executor", "serial"], ["--workers", 2]):
            out = tmp_path / f"{name}{len(kept)}"
            capillaryx("analyze", drawn, "-o", out, "--analyzer", name, *how)
            kept.append(results.comparable(out))
        assert kept[0] == kept[1], name


def test_without_labels_only_some_algorithms(capillaryx: Run, drawn: Path, tmp_path: Path) -> None:
    chosen = "background-ssim,clahe-otsu"
    said = capillaryx("compare", drawn, "-o", tmp_path / "out", "--analyzers", chosen, "--frames", 2).stdout
    assert "precision" not in said
    table = json.loads((tmp_path / "out/compare.json").read_text())
    assert [(row["analyzer"], row["frames"]) for row in table["analyzers"]] == [
        ("background-ssim", 2),
        ("clahe-otsu", 2),
    ]
    assert table["labels"] is None


def test_what_is_wrong_is_said_before_anything_is_done(capillaryx: Run, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for arguments, expected in {
        ("-",): "save its frames first",
        ("camera:0",): "save its frames first",
        (drawn, "--analyzers", "clahe-otsu,none"): "there is no analyzer 'none'",
        (drawn, "--analyzers", "clahe-otsu,clahe-otsu"): "is named twice",
    }.items():
        assert expected in capillaryx("compare", *arguments, "-o", out, expect=2).stderr
    assert "none.json" in capillaryx("compare", drawn, "-o", out, "--labels", tmp_path / "none.json", expect=1).stderr
    assert not out.exists()
    capillaryx("compare", drawn, "-o", out, "--analyzers", "clahe-otsu", "--frames", 1, "--quiet")
    assert "--force" in capillaryx("compare", drawn, "-o", out, "--analyzers", "clahe-otsu", expect=1).stderr
    capillaryx("compare", drawn, "-o", out, "--analyzers", "clahe-otsu", "--frames", 1, "--force")
