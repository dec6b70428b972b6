# SPDX-License-Identifier: Apache-2.0
"""The review page in a browser, over a stand-in for the server that keeps records in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import chromium
from playwright.sync_api import Browser, Page
from review_stand_in import StandIn, serving

MOST_ACTIONS = 10
FRAME_MS = 1000 / 60


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


class Hand:
    """A person at the page. Every key press, click and drag is an action."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0
        self.complaints: list[str] = []

    def key(self, name: str) -> None:
        self.actions += 1
        self.page.keyboard.press(name)

    def box(self, selector: str) -> tuple[float, float, float, float]:
        found = self.page.locator(selector).bounding_box()
        assert found is not None, selector
        return found["x"], found["y"], found["width"], found["height"]

    def capillary(self, number: int) -> tuple[float, float]:
        x, y, width, _ = self.box(f'.cap[data-id="{number}"] .over')
        return x + width / 2, y + 4

    def click(self, at: tuple[float, float]) -> None:
        self.actions += 1
        self.page.mouse.click(*at)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.actions += 1
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def proposal(self, number: int) -> tuple[float, float]:
        x, y, width, height = self.box(f'[data-candidate="{number}"]')
        return x + width / 2, y + height / 2

    def corrected(self, what: str = "count") -> str:
        return self.page.locator(f'[data-number="{what}"]').inner_text()

    def saved(self) -> None:
        self.page.locator('.save[data-waiting="0"]').wait_for()

    def expect(self, what: str, value: str) -> None:
        self.page.locator(f'[data-number="{what}"]', has_text=value).wait_for(timeout=5000)


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Hand]:
    page = browser.new_page(viewport={"width": 1500, "height": 900}, reduced_motion="reduce")
    hand = Hand(page)
    page.on("pageerror", lambda error: hand.complaints.append(str(error)))
    page.on("console", lambda message: hand.complaints.append(message.text))
    page.goto(url)
    page.locator(".numbers").wait_for()
    page.locator(".over-picture.editor").wait_for()
    page.wait_for_timeout(300)  # the picture is laid out
    yield hand
    page.close()


@contextmanager
def review(browser: Browser, held: StandIn) -> Iterator[Hand]:
    with serving(held) as url, opened(browser, url) as hand:
        yield hand


def changes_of(held: StandIn) -> list[str]:
    return [record["what"] for record in held.records]


def test_five_mistakes_among_fifty_capillaries_take_at_most_ten_actions(browser: Browser) -> None:
    held = StandIn(3, 50)
    with review(browser, held) as hand:
        hand.key("r")
        for wrong in (3, 17, 42):
            hand.click(hand.capillary(wrong))
        hand.key("a")
        for missing in (1, 4):
            hand.click(hand.proposal(missing))
            hand.page.locator(f'[data-candidate="{missing}"]').wait_for(state="detached")
        hand.expect("count", "49")
        hand.saved()
        assert hand.actions <= MOST_ACTIONS
        assert hand.complaints == []
    assert changes_of(held) == ["remove"] * 3 + ["add"] * 2
    assert [record["ids"] for record in held.records[:3]] == [[3], [17], [42]]


def test_every_tool_changes_the_numbers_at_once_and_the_journal(browser: Browser) -> None:
    held = StandIn(2, 50)
    with review(browser, held) as hand:
        hand.key("r")
        x, y, *_ = hand.box('.cap[data-id="10"] .over')
        right, bottom, width, height = hand.box('.cap[data-id="13"] .over')
        hand.drag((x - 4, y - 4), (right + width + 4, bottom + height + 4))
        hand.expect("count", "46")
        hand.key("a")
        px, py = hand.proposal(5)
        for dx, dy in ((0, 150), (60, 150), (60, 220)):
            hand.click((px + dx, py + dy))
        hand.key("Enter")
        hand.expect("count", "47")
        hand.key("s")
        x, y, width, _ = hand.box('.cap[data-id="20"] .over')
        hand.drag((x - 6, y + 4), (x + width + 6, y + 4))
        hand.expect("count", "48")
        hand.key("v")
        hand.click(hand.capillary(4))
        hand.page.keyboard.down("Shift")
        hand.click(hand.capillary(5))
        hand.page.keyboard.up("Shift")
        hand.key("m")
        hand.expect("count", "47")
        hand.click(hand.capillary(6))
        hand.key("b")
        hand.expect("count", "46")
        hand.key("x")
        x, y, width, height = hand.box('.cap[data-id="30"] .over')
        hand.drag((x - 4, y - 4), (x + width + 4, y + height + 4))
        hand.page.get_by_role("button", name="glare").click()
        hand.expect("count", "45")
        hand.key("f")
        hand.page.get_by_role("textbox", name="Reason").fill("wrong person")
        hand.key("Enter")
        hand.key("t")
        hand.page.get_by_role("textbox", name="Note").fill("<b>as seen</b>")
        hand.key("Enter")
        hand.page.locator(".history", has_text="note: <b>as seen</b>").wait_for()
        hand.saved()
        assert hand.complaints == []
    assert changes_of(held) == ["remove", "add", "split", "merge", "ambiguous", "exclude", "exclude", "note"]
    assert held.records[0]["ids"] == [10, 11, 12, 13]
    assert [len(record["new"].get("shapes", [])) for record in held.records[1:4]] == [1, 2, 1]
    assert "area" in held.records[5]["new"]
    assert held.records[6]["new"] == {"reason": "wrong person"}


def test_an_outline_is_edited_by_dragging_adding_and_taking_away_points(browser: Browser) -> None:
    held = StandIn(1, 50)
    with review(browser, held) as hand:
        hand.key("e")
        hand.click(hand.capillary(7))
        handles = hand.page.locator(".being-edited rect")
        handles.first.wait_for()
        hand.page.wait_for_timeout(300)
        x, y, width, height = hand.box(".being-edited rect >> nth=1")
        middle = (x + width / 2, y + height / 2)
        hand.drag(middle, (middle[0] + 40, middle[1] - 10))
        hand.saved()
        x, y, width, height = hand.box(".being-edited rect >> nth=1")
        hand.page.keyboard.down("Alt")
        hand.click((x + width / 2, y + height / 2))
        hand.page.keyboard.up("Alt")
        hand.saved()
        x0, y0, width, height = hand.box(".being-edited rect >> nth=2")
        x1, y1, *_ = hand.box(".being-edited rect >> nth=3")
        start = ((x0 + x1 + width) / 2, (y0 + y1 + height) / 2)
        hand.drag(start, (start[0], start[1] + 30))
        hand.saved()
        assert hand.complaints == []
    old = held.records[0]["old"]["shapes"][0][1]
    points = [record["new"]["shapes"][0][1] for record in held.records]
    assert changes_of(held) == ["edit"] * 3
    assert [len(p) for p in points] == [len(old), len(old) - 2, len(old)]
    assert sum(a != b for a, b in zip(old, points[0], strict=True)) == 2


def test_undo_and_redo_go_on_after_the_page_was_closed(browser: Browser) -> None:
    held = StandIn(2, 50)
    with serving(held) as url:
        with opened(browser, url) as hand:
            hand.key("r")
            for wrong in (1, 2, 3):
                hand.click(hand.capillary(wrong))
            hand.key("Control+z")
            hand.expect("count", "48")
            hand.saved()
        with opened(browser, url) as hand:
            hand.expect("count", "48")
            hand.key("Control+z")
            hand.key("Control+z")
            hand.expect("count", "50")
            for _ in range(3):
                hand.key("Control+y")
            hand.expect("count", "47")
            hand.saved()
            assert hand.page.get_by_role("button", name="Redo").is_disabled()
    assert changes_of(held) == ["remove"] * 3 + ["undo"] * 3 + ["redo"] * 3


def test_saved_is_said_only_after_the_server_has_it_and_nothing_is_lost_or_doubled(browser: Browser) -> None:
    held = StandIn(1, 50)
    with review(browser, held) as hand:
        held.down = True
        hand.key("r")
        for wrong in (1, 2, 3):
            hand.click(hand.capillary(wrong))
        hand.page.get_by_role("alert").get_by_text("keep this page open").wait_for()
        assert hand.page.locator(".save").inner_text() == "3 corrections not saved"
        assert held.records == []
        hand.expect("count", "47")
        held.down = False
        hand.saved()
        assert "All saved" in hand.page.locator(".save").inner_text()
    assert [record["seq"] for record in held.records] == [1, 2, 3]


def test_everything_can_be_done_with_the_keyboard(browser: Browser) -> None:
    held = StandIn(3, 50)
    with review(browser, held) as hand:
        for key in ("n", "Delete"):  # remove
            hand.key(key)
        for key in ("a", "n", "n", "Enter"):  # add a refused proposal
            hand.key(key)
        hand.expect("count", "50")
        hand.key("ArrowUp")  # the cross appears in the middle
        right, down = ["ArrowRight"] * 3, ["ArrowDown"] * 3
        for key in ("Space", *right, "Space", *down, "Space", "Enter"):  # draw
            hand.key(key)
        hand.page.locator(".history", has_text="drawn").wait_for()
        hand.key("v")
        for key in ("n", "Shift+n", "m", "b"):  # select two, merge, mark
            hand.key(key)
        for key in ("f", "Tab", "Enter"):
            hand.key(key)
        hand.page.locator(".history", has_text="excluded").wait_for()
        for key in ("f", "Control+z", "Control+y"):
            hand.key(key)
        name = hand.page.locator(".frame-name").inner_text()
        hand.key("j")
        hand.page.locator(".frame-name").get_by_text(name, exact=True).wait_for(state="detached")
        hand.saved()
        hand.key("?")
        hand.page.get_by_role("dialog").get_by_text("move the cross").wait_for()
        hand.key("Escape")
        hand.page.get_by_role("dialog").wait_for(state="detached")
        assert hand.complaints == []
    assert changes_of(held) == ["remove", "add", "add", "merge", "ambiguous", "exclude", "include", "undo", "redo"]


def test_the_next_to_check_is_on_top_and_ten_thousand_frames_are_a_few_rows(browser: Browser) -> None:
    held = StandIn(10_000, 5)
    with review(browser, held) as hand:
        names = hand.page.locator("tr.pick .link").all_inner_texts()
        assert len(names) < 40
        first = max(held.items, key=lambda item: item["uncertainty"])
        assert names[0] == first["name"]
        hand.page.locator(".long-table").focus()
        hand.key("End")
        last = min(held.items, key=lambda item: item["uncertainty"])
        hand.page.locator(".frame-name").get_by_text("visit 1/frame").wait_for()
        assert last["uncertainty"] == 0
        assert hand.page.locator("tr.pick").count() < 40


def test_blind_review_shows_no_name_and_no_result_until_it_is_asked_for(browser: Browser) -> None:
    held = StandIn(5, 50, blind=True)
    with review(browser, held) as hand:
        assert "visit" not in hand.page.locator("body").inner_text()
        assert hand.page.locator(".cap").count() == 0
        assert hand.page.locator(".list th").all_inner_texts() == ["Frame"]
        hand.page.get_by_role("button", name="Show it").click()
        hand.page.locator(".cap").first.wait_for()
        assert hand.page.locator(".cap").count() == 50


def test_one_correction_of_a_clip_holds_for_all_its_frames_wherever_they_lie(browser: Browser) -> None:
    held = StandIn(3, 50)
    held.begin_with_a_clip([[0, 0, 0], [-62, -12, 2.0], None])
    with review(browser, held) as hand:
        hand.page.locator("input[type=range]").fill("1")
        hand.key("r")
        hand.click(hand.capillary(30))
        hand.expect("count", "49")
        hand.page.locator("input[type=range]").fill("2")
        hand.page.get_by_text("The place of this image in the clip is unknown").wait_for()
        assert hand.page.locator('.cap[data-id="30"]').count() == 0
        hand.page.get_by_role("button", name="Exclude image 3").click()
        hand.page.get_by_role("button", name="motion").click()
        hand.page.locator(".history", has_text="excluded image 3: motion").wait_for()
        hand.saved()
        assert hand.complaints == []
    remove, exclude = held.records
    assert (remove["what"], remove["ids"], remove["page"]) == ("remove", [30], None)
    assert (exclude["what"], exclude["page"]) == ("exclude", 2)


def test_the_page_is_accessible_in_every_state(browser: Browser) -> None:
    with review(browser, StandIn(100, 50)) as hand:
        hand.key("r")
        hand.click(hand.capillary(3))
        hand.saved()
        assert Axe().run(hand.page).response["violations"] == []
        hand.key("?")
        hand.page.get_by_role("dialog").wait_for()
        assert Axe().run(hand.page).response["violations"] == []
        hand.key("Escape")
        hand.key("f")
        hand.page.get_by_role("dialog").wait_for()
        assert Axe().run(hand.page).response["violations"] == []


DRAG = """async ([x, y, moves]) => {
  const times = [];
  for (let k = 0; k < moves; ++k) {
    times.push(await new Promise(requestAnimationFrame));
    const at = { clientX: x + (k % 40), clientY: y + (k % 25), bubbles: true };
    document.querySelector(".editor").dispatchEvent(new PointerEvent("pointermove", at));
  }
  const gaps = times.slice(1).map((t, k) => t - times[k]).sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)];
}"""


def test_a_point_among_three_hundred_capillaries_is_dragged_at_sixty_frames_a_second(browser: Browser) -> None:
    held = StandIn(1, 300)
    with review(browser, held) as hand:
        hand.key("e")
        hand.click(hand.capillary(140))
        hand.page.locator(".being-edited rect").first.wait_for()
        hand.page.wait_for_timeout(300)
        hand.page.keyboard.press("0")  # all 300 are in view
        hand.page.wait_for_timeout(300)
        assert hand.page.locator(".cap").count() == 299
        x, y, width, height = hand.box(".being-edited rect >> nth=1")
        x, y = x + width / 2, y + height / 2
        client = hand.page.context.new_cdp_session(hand.page)
        client.send("Performance.enable")

        def busy_ms() -> float:
            metrics = client.send("Performance.getMetrics")["metrics"]
            return 1000 * float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

        hand.page.mouse.move(x, y)
        hand.page.mouse.down()
        moves = 180
        before = busy_ms()
        gap = hand.page.evaluate(DRAG, [x, y, moves])
        cost = (busy_ms() - before) / moves
        hand.page.mouse.move(x + 20, y + 10)
        hand.page.mouse.up()
        hand.saved()
        print(f"300 capillaries: {cost:.2f} ms of the page's thread per frame, {1000 / gap:.0f} frames/s")
        assert 0 < cost < FRAME_MS
    assert changes_of(held) == ["edit"]
