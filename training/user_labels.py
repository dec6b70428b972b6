# SPDX-License-Identifier: Apache-2.0
"""Labels of a user's own, as fine-tuning takes them: areas that are not labelled, and how many of the labelled
capillaries the program proposes a region for."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CAPILLARY = "capillary"
UNLABELLED = ("unlabelled", "unlabeled", "ignore")  # categories, in any case
ENOUGH = 0.9  # under this the proposals are the limit, more than the network


def capillary_category(coco: dict[str, Any]) -> int:
    """The number of the category that is called capillary; 1 if none is."""
    named = [each["id"] for each in coco["categories"] if str(each.get("name", "")).lower() == CAPILLARY]
    return int(named[0]) if named else 1


def without_unlabelled(coco: dict[str, Any]) -> dict[str, Any]:
    """Annotations of a category of UNLABELLED become ambiguous regions (`iscrowd` 1) of the capillaries' category: what
    lies there teaches nothing and counts in no figure."""
    unlabelled = {each["id"] for each in coco["categories"] if str(each.get("name", "")).lower() in UNLABELLED}
    category = capillary_category(coco)
    return {
        **coco,
        "categories": [each for each in coco["categories"] if each["id"] not in unlabelled],
        "annotations": [
            {**each, "category_id": category, "iscrowd": 1} if each["category_id"] in unlabelled else each
            for each in coco["annotations"]
        ],
    }


def prepare(labels: Path, folder: Path) -> Path:
    """The labels without the category of unlabelled areas, in `folder` under their own name."""
    folder.mkdir(parents=True, exist_ok=True)
    text = labels.read_text(encoding="utf-8")
    # If it is not COCO the program, which reads it next, says what is wrong.
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        text = json.dumps(without_unlabelled(json.loads(text)))
    prepared = folder / labels.name
    prepared.write_text(text, encoding="utf-8")
    return prepared


@dataclass(frozen=True)
class Proposals:
    """How many of the labelled capillaries have a region: no network finds the others."""

    found: int
    labelled: int

    @property
    def recall(self) -> float:
        """Of the labelled capillaries."""
        return self.found / self.labelled if self.labelled else 0.0

    def sentences(self) -> str:
        """For people."""
        said = (
            f"The program proposes a region for {self.found} of {self.labelled} labelled capillaries "
            f"({self.recall:.3f}); no network finds the others."
        )
        if self.recall >= ENOUGH:
            return said
        return (
            f"{said} This is the limit here: fine-tuning cannot raise the recall above it. The pictures may differ in "
            "magnification or darkness from what the program expects (options --min-darkness, --min-structure, "
            "--min-depth), or the labels outline something else than single capillaries."
        )


def proposals(rows: Iterable[dict[str, str]], coco: dict[str, Any]) -> Proposals:
    """From what `capillaryx model crops` wrote (regions.csv) and the labels that it was given."""
    category = capillary_category(coco)
    labelled = sum(each["category_id"] == category and not each.get("iscrowd") for each in coco["annotations"])
    return Proposals(sum(row["label"] == "1" for row in rows), labelled)
