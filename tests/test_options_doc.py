# SPDX-License-Identifier: Apache-2.0
"""docs/options.md says what the program says."""

from conftest import ROOT, Run


def test_options_doc_is_up_to_date(capillaryx: Run) -> None:
    assert capillaryx("options-table").stdout == (ROOT / "docs/options.md").read_text(), "remake it: make docs"
