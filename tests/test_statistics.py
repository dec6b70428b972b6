# SPDX-License-Identifier: Apache-2.0
"""groups.csv has the figures of SciPy, statsmodels and Pingouin."""

import csv
import random
from collections import defaultdict
from pathlib import Path

import journals
import numpy as np
import pandas as pd
import pingouin
import pytest
import results
import scipy.stats
import statsmodels.api as sm
from conftest import Analyze, Run
from statsmodels.formula.api import ols

Row = dict[str, str]
Counts = dict[tuple[str, str], list[int]]


def groups(folder: Path) -> list[Row]:
    with (folder / "groups.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pick(rows: list[Row], **wanted: str) -> Row:
    (found,) = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return found


def near(text: str, number: float) -> None:
    assert float(text) == pytest.approx(number, rel=1e-8, abs=1e-12)


@pytest.fixture(scope="module")
def drawn() -> Counts:
    """Counts of 7 subjects, two visits, four fields: (subject, visit) -> counts."""
    random_ = random.Random(5)
    counts: Counts = {}
    for subject in range(7):
        level = random_.gauss(40, 8)
        for visit, change in (("v1", 1.0), ("v2", 1.15)):
            here = level * change + random_.gauss(0, 3)
            counts[f"s{subject}", visit] = [max(0, round(here + random_.gauss(0, 5))) for _ in range(4)]
    return counts


@pytest.fixture
def reported(drawn: Counts, capillaryx: Run, analyze: Analyze, tissue_folder: Path, tmp_path: Path) -> list[Row]:
    template = results.lines(analyze(tissue_folder, "--frames", 1).out)
    names = [(f"{s}/{v}/{i}.png", n) for (s, v), counts in drawn.items() for i, n in enumerate(counts)]
    frames = [journals.frame(index, name, count) for index, (name, count) in enumerate(names)]
    journals.write(tmp_path / "study", frames, template)
    capillaryx("report", tmp_path / "study")
    return [row for row in groups(tmp_path / "study") if row["quantity"] == "count"]


def test_means_and_intervals_are_those_of_scipy(reported: list[Row], drawn: Counts) -> None:
    subjects: dict[str, list[float]] = defaultdict(list)
    for (subject, visit), counts in drawn.items():
        row = pick(reported, statistic="mean", level="visit", subject=subject, visit=visit)
        low, high = scipy.stats.t.interval(0.95, 3, np.mean(counts), scipy.stats.sem(counts))
        near(row["value"], float(np.mean(counts)))
        near(row["sd"], float(np.std(counts, ddof=1)))
        near(row["cv_percent"], 100 * float(scipy.stats.variation(counts, ddof=1)))
        near(row["low"], low)
        near(row["high"], high)
        subjects[subject].append(float(np.mean(counts)))
    means = [np.mean(visits) for visits in subjects.values()]
    row = pick(reported, statistic="mean", level="all", compared="")
    low, high = scipy.stats.t.interval(0.95, len(means) - 1, np.mean(means), scipy.stats.sem(means))
    assert (row["n"], row["of"], row["measurements"]) == ("7", "subject", "56")
    near(row["low"], low)
    near(row["high"], high)


def test_difference_of_visits_is_that_of_scipy_and_pingouin(reported: list[Row], drawn: Counts) -> None:
    before = [float(np.mean(counts)) for (_, visit), counts in drawn.items() if visit == "v1"]
    after = [float(np.mean(counts)) for (_, visit), counts in drawn.items() if visit == "v2"]
    row = pick(reported, statistic="difference")
    test = scipy.stats.ttest_rel(after, before)
    interval = test.confidence_interval(0.95)
    assert (row["from"], row["to"], row["n"]) == ("v1", "v2", "7")
    near(row["value"], float(np.mean(after) - np.mean(before)))
    near(row["p"], float(test.pvalue))
    near(row["low"], interval.low)
    near(row["high"], interval.high)
    near(row["effect_size"], pingouin.compute_effsize(after, before, paired=True, eftype="hedges"))
    near(row["change_percent"], 100 * float(np.mean(after) / np.mean(before) - 1))


def test_agreement_is_that_of_pingouin(reported: list[Row], drawn: Counts) -> None:
    fields = pd.DataFrame(
        [(f"{s} {v}", i, n) for (s, v), counts in drawn.items() for i, n in enumerate(counts)],
        columns=["visit", "field", "count"],
    )
    visits = pd.DataFrame(
        [(s, v, float(np.mean(counts))) for (s, v), counts in drawn.items()], columns=["subject", "visit", "count"]
    )
    nested = pingouin.intraclass_corr(fields, targets="visit", raters="field", ratings="count").iloc[0]
    crossed = pingouin.intraclass_corr(visits, targets="subject", raters="visit", ratings="count").iloc[1]
    for row, reference in (
        (pick(reported, statistic="icc(1,1)"), nested),
        (pick(reported, statistic="icc(2,1)"), crossed),
    ):
        near(row["value"], float(reference["ICC"]))
        low, high = next(reference[name] for name in ("CI95%", "CI95") if name in reference)
        assert (float(row["low"]), float(row["high"])) == pytest.approx((low, high), abs=0.006)  # two digits


def test_variance_components_are_those_of_statsmodels(reported: list[Row], drawn: Counts) -> None:
    fields = pd.DataFrame(
        [(f"{s} {v}", n) for (s, v), counts in drawn.items() for n in counts], columns=["visit", "count"]
    )
    table = sm.stats.anova_lm(ols("count ~ C(visit)", data=fields).fit())
    between, within = table["mean_sq"]
    near(pick(reported, statistic="icc(1,1)")["value"], (between - within) / (between + 3 * within))
