# SPDX-License-Identifier: Apache-2.0
"""capillaryx-review under attack: what opens a session, what is refused, and what survives a kill."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

MOST_RSS_KB = 100 * 1024


@pytest.fixture(scope="module")
def results(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    capillaryx("phantom", 2, "--width", 640, "--height", 480, "-o", folder / "frames", "--quiet")
    capillaryx("analyze", folder / "frames", "-o", folder / "out", "--quiet")
    return folder / "out"


class Server:
    """A running review."""

    def __init__(self, program: Path, results: Path, *flags: str) -> None:
        command = [str(program), "review", str(results), *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self.address = self.process.stdout.readline().strip()
        self.port = int(self.address.split(":")[2].split("/")[0])
        self.token = self.address.split("token=")[1]
        self.cookie = ""

    def open(self) -> None:
        status, headers, _ = self.ask("GET", f"/?token={self.token}", cookie="")
        assert status == 303
        self.cookie = headers["Set-Cookie"].split(";")[0]

    def ask(
        self, method: str, path: str, body: Any = None, cookie: str | None = None, **headers: str
    ) -> tuple[int, Any, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Cookie": self.cookie if cookie is None else cookie}
        if method == "POST":
            sent |= {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json", "X-CapillaryX": "1"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        text = json.dumps(body) if body is not None else None
        connection.request(method, path, body=text, headers={k: v for k, v in sent.items() if v})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def append(self, *records: dict[str, Any]) -> tuple[int, Any]:
        status, _, body = self.ask("POST", "/api/corrections", {"records": list(records)})
        return status, json.loads(body)

    def rss_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@contextmanager
def serving(program: Path, results: Path, *flags: str) -> Iterator[Server]:
    server = Server(program, results, *flags)
    try:
        server.open()
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def remove(seq: int, *ids: int) -> dict[str, Any]:
    return {"seq": seq, "what": "remove", "file_sha256": "a" * 64, "page": None, "ids": list(ids), "old": {}, "new": {}}


@pytest.fixture(scope="module")
def server(program: Path, results: Path) -> Iterator[Server]:
    with serving(program, results, "--reviewer", "attacked") as running:
        yield running


def test_the_address_opens_one_session_whose_cookie_no_script_and_no_other_site_has(
    program: Path, results: Path
) -> None:
    server = Server(program, results, "--reviewer", "once")
    status, headers, _ = server.ask("GET", f"/?token={server.token}")
    assert status == 303
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Strict" in headers["Set-Cookie"]
    assert server.ask("GET", f"/?token={server.token}")[0] == 403, "it works once"
    assert server.ask("GET", "/")[0] == 403
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=10) == 0


def test_a_request_without_the_session_or_of_another_origin_is_refused(server: Server) -> None:
    own = f"http://127.0.0.1:{server.port}"
    for cookie in ("", f"capillaryx_review_{server.port}=" + "0" * 48, f"capillaryx_review_{server.port}="):
        assert server.ask("GET", "/api/items", cookie=cookie)[0] == 403
        assert server.ask("POST", "/api/corrections", {"records": []}, cookie=cookie)[0] == 403
    assert server.ask("GET", "/api/items", Origin="http://evil.example")[0] == 403
    assert server.ask("POST", "/api/corrections", {"records": []}, Origin="null")[0] == 403
    assert server.ask("POST", "/api/corrections", {"records": []}, Origin="")[0] == 403
    assert server.ask("POST", "/api/corrections", {"records": []}, Content_Type="text/plain")[0] == 415
    assert server.ask("POST", "/api/corrections", {"records": []}, X_CapillaryX="")[0] == 403
    assert server.ask("GET", "/api/items", Host="rebound.example")[0] == 421
    assert server.ask("GET", "/api/items", Sec_Fetch_Site="cross-site")[0] == 403
    assert server.ask("PUT", "/api/items")[0] == 405
    assert server.ask("GET", "/api/items", Origin=own)[0] == 200


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/results.jsonl", "/overlays/", "/api/"]
)
def test_nothing_but_the_page_and_its_data_is_served(server: Server, path: str) -> None:
    assert server.ask("GET", path)[0] == 404


@pytest.mark.parametrize("query", ["id=99", "id=-1", "id=0x1", "id=99999999999999999999", "", "id=0&page=7"])
def test_an_item_that_is_none_is_not_found(server: Server, query: str) -> None:
    assert server.ask("GET", f"/api/picture?{query}")[0] == 404
    if "page" not in query:
        assert server.ask("GET", f"/api/item?{query}")[0] == 404


def test_it_listens_on_this_computer_alone_and_no_list_of_processes_has_its_token(server: Server) -> None:
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line]
    assert [each for each in listening if each.endswith(f":{server.port:04X}")] == [f"0100007F:{server.port:04X}"]
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            assert server.token.encode() not in command.read_bytes()


def flood(server: Server, head: str, piece: bytes, pieces: int) -> None:
    """Sends until the server has had enough."""
    lines = f"POST /api/corrections HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n"
    lines += f"Origin: http://127.0.0.1:{server.port}\r\nContent-Type: application/json\r\nX-CapillaryX: 1\r\n{head}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection, contextlib.suppress(OSError):
        connection.sendall(lines.encode())
        for _ in range(pieces):
            connection.sendall(piece)


def test_endless_bodies_and_headers_are_cut_and_take_no_memory(server: Server) -> None:
    megabyte = b"x" * (1 << 20)
    flood(server, f"Content-Length: {200 << 20}\r\n\r\n", megabyte, 200)
    flood(server, "Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + megabyte + b"\r\n", 200)
    for nested in (b"[" * 1_000_000, b'{"records":[{"x":' + b"[" * 900_000, b"[" + b'{"a":1},' * 120_000):
        flood(server, f"Content-Length: {len(nested)}\r\n\r\n", nested, 1)
    flood(server, "", b"X-Long: " + b"y" * 1000 + b"\r\n", 100_000)
    assert server.rss_kb() < MOST_RSS_KB
    assert server.ask("GET", "/api/run")[0] == 200


def test_a_hundred_slow_clients_block_nobody(server: Server) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(100)]
    for each in slow:
        each.sendall(b"GET /api/items HTTP/1.1\r\nHost: ")
    start = time.monotonic()
    assert server.ask("GET", "/api/run")[0] == 200
    assert time.monotonic() - start < 5
    for each in slow:
        each.close()
    assert server.rss_kb() < MOST_RSS_KB


def test_a_body_without_a_session_is_not_read(server: Server) -> None:
    for method, path in (("POST", "/?token=x"), ("POST", "/")):
        status, _, _ = server.ask(method, path, {"records": []}, cookie="")
        assert status in {403, 404}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/?token=x", body=b"x" * 500_000)
    assert connection.getresponse().status == 403
    connection.close()


def test_what_was_acknowledged_is_in_the_file_and_survives_a_kill(program: Path, results: Path) -> None:
    file = results / "corrections/killed.jsonl"
    with serving(program, results, "--reviewer", "killed") as running:
        for seq in range(1, 6):
            status, said = running.append(remove(seq, seq))
            assert (status, said["seq"]) == (200, seq)
            assert len(file.read_bytes().splitlines()) == seq + 1
        running.process.kill()
    with file.open("ab") as torn:
        torn.write(b'{"seq":6,"what":"remo')  # never acknowledged
    with serving(program, results, "--reviewer", "killed") as running:
        _, _, body = running.ask("GET", "/api/corrections")
        assert [record["seq"] for record in json.loads(body)["records"]] == [1, 2, 3, 4, 5]
        assert running.append(remove(6, 6))[0] == 200
    assert len(file.read_bytes().splitlines()) == 7


def test_a_retried_record_is_not_appended_twice_and_a_gap_or_another_one_is_refused(
    program: Path, results: Path
) -> None:
    with serving(program, results, "--reviewer", "retries") as running:
        assert running.append(remove(1, 1))[0] == 200
        assert running.append(remove(1, 1), remove(2, 2))[1]["seq"] == 2
        assert running.append(remove(2, 9))[0] == 409
        assert running.append(remove(4, 4))[0] == 409
        assert running.append(remove(2, 2))[1]["seq"] == 2


@pytest.mark.parametrize(
    "change",
    [
        {"what": "drop"},
        {"seq": "1"},
        {"seq": -1},
        {"ids": [1.5]},
        {"ids": "1"},
        {"page": -2},
        {"new": {"shapes": [[1, [0, 0, 1]]]}},
        {"new": {"shapes": [[1, [0, 0, 1, 1, 2, 1e300]]]}},
        {"new": {"area": [0, 0]}},
        {"what": "undo"},
        {"file_sha256": "a" * 1000},
    ],
)
def test_a_malformed_record_is_refused(server: Server, change: dict[str, Any]) -> None:
    assert server.append(remove(1, 1) | change)[0] == 400
    bodies: list[Any] = [[], {"records": 1}, {"records": [1]}, "x"]
    for body in bodies:
        assert server.ask("POST", "/api/corrections", body)[0] == 400


def test_a_changed_line_breaks_the_chain_and_is_named(program: Path, capillaryx: Run, results: Path) -> None:
    with serving(program, results, "--reviewer", "chain") as running:
        assert running.append(remove(1, 1), remove(2, 2), remove(3, 3))[0] == 200
    file = results / "corrections/chain.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"ids":[2]', b'"ids":[7]'))
    done = capillaryx("review", results, "--reviewer", "chain", expect=1)
    assert "line 4" in done.stderr
    assert "chain of hashes" in done.stderr


def test_one_review_at_a_time_for_each_reviewer(program: Path, capillaryx: Run, results: Path) -> None:
    with serving(program, results, "--reviewer", "first"):
        assert "in use" in capillaryx("review", results, "--reviewer", "first", expect=1).stderr
        with serving(program, results, "--reviewer", "second") as other:
            assert other.ask("GET", "/api/run")[0] == 200
    for name in ("../x", "", "a/b", ".hidden"):
        assert capillaryx("review", results, "--reviewer", name, expect=None).returncode != 0


def test_the_page_ends_the_review(program: Path, results: Path) -> None:
    with serving(program, results, "--reviewer", "ends") as running:
        assert running.ask("POST", "/api/close", {})[0] == 200
        assert running.process.wait(timeout=10) == 0


def test_a_blind_review_has_no_names_and_no_results_and_its_order_is_the_same_again(
    program: Path, results: Path
) -> None:
    seen: list[list[str]] = []
    for _ in range(2):
        with serving(program, results, "--reviewer", "blind", "--blind") as running:
            _, _, body = running.ask("GET", "/api/items")
            items = json.loads(body)["items"]
            assert all(item[key] is None for item in items for key in ("name", "count", "density", "uncertainty"))
            assert json.loads(running.ask("GET", "/api/item?id=0")[2])["shapes"] == []
            assert json.loads(running.ask("GET", "/api/item?id=0&reveal=1")[2])["shapes"] != []
            seen.append([item["file_sha256"] for item in items])
            assert json.loads(running.ask("GET", "/api/item?id=0")[2])["next_id"] > 1_000_000, "no count shows"
    assert seen[0] == seen[1]


def test_the_picture_is_the_file_that_was_analysed_and_no_other(program: Path, capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 1, "--width", 320, "--height", 240, "-o", tmp_path / "frames", "--quiet")
    capillaryx("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--quiet")
    (frame,) = (tmp_path / "frames").glob("*.png")
    with serving(program, tmp_path / "out") as running:
        assert running.ask("GET", "/api/picture?id=0")[2] == frame.read_bytes()
        frame.write_bytes(b"\x89PNG another file")
        _, headers, body = running.ask("GET", "/api/picture?id=0")
        assert headers["Content-Type"] == "image/jpeg"
        assert body == next((tmp_path / "out/overlays").glob("*.jpg")).read_bytes()
