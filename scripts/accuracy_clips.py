# SPDX-License-Identifier: Apache-2.0
"""Measures clips against ground truth and writes docs/accuracy_clips.md.

usage: accuracy_clips.py PROGRAM SHARED PAGE [--clips N] [--frames N] [--size WxH] [--seed N] [--real-frames N]

Synthetic clips: registration against the true places, the clip's capillaries against the true outlines beside those of
a clean still of the same tissue. Real data: a frame moved about, re-lit and re-noised into a clip; the intravital
recording. Quality: the real frames, and pictures that are no data.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Line = dict[str, Any]
Box = tuple[float, float, float, float]

LEAST_IOU = 0.3  # as `capillaryx evaluate`


def run(program: Path, *arguments: object) -> None:
    subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def analyse(program: Path, *arguments: object, out: Path) -> list[Line]:
    run(program, "analyze", *arguments, "-o", out, "--no-overlays", "--quiet", "--force")
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def of_type(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["type"] == kind]


def iou(a: Box, b: Box) -> float:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


def share_inside(a: Box, b: Box) -> float:
    """The share of `a` that lies in `b`."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height / (a[2] * a[3]) if width > 0 and height > 0 else 0.0


class Scored(NamedTuple):
    """Found capillaries against the true ones of a field, by the rule of src/evaluation."""

    f1: float
    sought: int  # definite ones in the field
    counted: list[Line]  # found ones that count: matched with a sought one, or a false alarm
    split: int  # false alarms that lie on a sought one
    merged: int  # sought ones that are missed and lie on a found one matched with another


def score(found: list[Line], truth: list[Line], field: Box) -> Scored:
    """One to one in the order of scores, the free true one of largest IoU. What is found on an ambiguous capillary, or
    on one that the field does not hold whole, counts neither way, nor does a false alarm whose middle lies outside."""
    definite = [not t["ambiguous"] and inside(t["bbox"], field) for t in truth]
    free = set(range(len(truth)))
    counted: list[Line] = []
    false: list[Line] = []
    met: list[tuple[Line, int]] = []
    for one in sorted(found, key=lambda item: -item["score"]):
        # Sought ones first, as an ignored one must not take their place.
        near = [t for t in free if iou(one["bbox"], truth[t]["bbox"]) >= LEAST_IOU]
        best = max(near, key=lambda t: (definite[t], iou(one["bbox"], truth[t]["bbox"])), default=-1)
        if best >= 0:
            if definite[best]:
                free.discard(best)
                counted.append(one)
                met.append((one, best))
            continue
        ignored = any(
            share_inside(one["bbox"], t["bbox"]) >= LEAST_IOU for t, d in zip(truth, definite, strict=True) if not d
        )
        x, y, width, height = one["bbox"]
        if not ignored and inside((x + width / 2, y + height / 2, 0, 0), field, 0):
            counted.append(one)
            false.append(one)
    sought = sum(definite)
    total = sought + len(counted)
    split = sum(any(share_inside(f["bbox"], truth[t]["bbox"]) >= 0.5 for _, t in met) for f in false)
    missed = [truth[t] for t in free if definite[t]]
    merged = sum(any(share_inside(t["bbox"], one["bbox"]) >= 0.5 for one, _ in met) for t in missed)
    return Scored(2 * len(met) / total if total else 1.0, sought, counted, split, merged)


def inside(box: Box, frame: Box, margin: float = 4) -> bool:
    return (
        box[0] >= frame[0] + margin
        and box[1] >= frame[1] + margin
        and box[0] + box[2] <= frame[0] + frame[2] - margin
        and box[1] + box[3] <= frame[1] + frame[3] - margin
    )


def moved(items: list[Line], x: float, y: float) -> list[Line]:
    return [item | {"bbox": [item["bbox"][0] + x, item["bbox"][1] + y, *item["bbox"][2:]]} for item in items]


def common_field(truth: Line) -> Box:
    """The tissue that nine in ten frames show: its capillaries are judged."""
    width, height = truth["size"]
    x = np.array([frame["x"] for frame in truth["frames"]])
    y = np.array([frame["y"] for frame in truth["frames"]])
    left, right = np.quantile(x, 0.9) - width / 2, np.quantile(x, 0.1) + width / 2
    top, bottom = np.quantile(y, 0.9) - height / 2, np.quantile(y, 0.1) + height / 2
    return (left, top, right - left, bottom - top)


def one_clip(clip: Line, still: Line, truth: Line) -> Line:
    width, height = truth["size"]
    frames = truth["frames"]
    origin = frames[clip["reference"]]
    turn = np.radians(origin["rotation_deg"])
    motion = clip["motion"]
    errors = []
    bad_registered = 0
    for i, frame in enumerate(frames):
        if not motion["registered"][i]:
            continue
        bad_registered += frame["bad"] != ""
        # The true place of this frame's middle on the map of the reference frame.
        dx, dy = frame["x"] - origin["x"], frame["y"] - origin["y"]
        true_x = np.cos(turn) * dx + np.sin(turn) * dy
        true_y = -np.sin(turn) * dx + np.cos(turn) * dy
        errors.append(float(np.hypot(motion["dx"][i] - true_x, motion["dy"][i] - true_y)))

    def to_tissue(item: Line) -> Line:
        x, y, w, h = item["bbox"]
        cx, cy = x + w / 2 - width / 2, y + h / 2 - height / 2
        tx = origin["x"] + np.cos(turn) * cx - np.sin(turn) * cy
        ty = origin["y"] + np.sin(turn) * cx + np.cos(turn) * cy
        return item | {"bbox": [tx - w / 2, ty - h / 2, w, h]}

    field = common_field(truth)
    of_clip = score([to_tissue(c) for c in clip["capillaries"]], truth["capillaries"], field)
    of_still = score(still["capillaries"], truth["capillaries"], field)
    return {
        "errors": errors,
        "registered": sum(motion["registered"]),
        "usable": clip["usable"],
        "good": sum(frame["bad"] == "" for frame in frames),
        "bad_registered": bad_registered,
        "frames": len(frames),
        "f1": of_clip.f1,
        "still_f1": of_still.f1,
        "count": len(of_clip.counted),
        "still_count": len(of_still.counted),
        "sought": of_clip.sought,
        "split": of_clip.split,
        "merged": of_clip.merged,
        "area": sum(c["area_px"] for c in of_clip.counted),
        "still_area": sum(c["area_px"] for c in of_still.counted),
    }


def synthetic(program: Path, work: Path, clips: int, frames: int, size: str, seed: int) -> list[Line]:
    width, height = size.split("x")
    results = []
    for first in range(clips):
        folder = work / "synthetic"
        run(program, "phantom", 1, "-o", folder, "--clip", "--first", first, "--frames", frames, "--bad-frames", 0.1,
            "--width", width, "--height", height, "--seed", seed, "--quiet", "--force")  # fmt: skip
        name = f"clip_{first:03}"
        truth = json.loads((folder / f"{name}.truth.json").read_text())
        clip = of_type(analyse(program, folder / f"{name}.y4m", out=work / "out"), "clip")[0]
        still = of_type(analyse(program, folder / "stills" / f"{name}.png", out=work / "still"), "frame")[0]
        (folder / f"{name}.y4m").unlink()
        if clip["count"] is None:
            results.append({"reason": clip["reason"]})
        else:
            results.append(one_clip(clip, still, truth))
    return results


def synthetic_rows(results: list[Line]) -> list[tuple[str, str, str]]:
    good = [r for r in results if "reason" not in r]
    errors = [e for r in good for e in r["errors"]]
    f1s = np.array([r["f1"] for r in good])
    still = np.array([r["still_f1"] for r in good])
    sought = np.array([r["sought"] for r in good])
    counts = np.array([abs(r["count"] - r["sought"]) / max(1, r["sought"]) for r in good])
    still_counts = np.array([abs(r["still_count"] - r["sought"]) / max(1, r["sought"]) for r in good])
    bias = sum(r["count"] for r in good) / max(1, sought.sum()) - 1
    areas = np.array([abs(r["area"] - r["still_area"]) / max(1, r["still_area"]) for r in good])
    registered = sum(r["registered"] for r in good) / max(1, sum(r["usable"] for r in good))
    split = sum(r["split"] for r in good) / max(1, sought.sum())
    merged = sum(r["merged"] for r in good) / max(1, sought.sum())
    return [
        ("clips with a result", f"{len(good)} of {len(results)}", ""),
        ("registration error, 95 % of frames", f"{np.quantile(errors, 0.95):.2f} px", "1.0 px"),
        ("registration error, 99 % of frames", f"{np.quantile(errors, 0.99):.2f} px", ""),
        ("registration error, largest", f"{max(errors):.2f} px", ""),
        ("usable frames that register", f"{registered:.3f}", ""),
        ("spoiled frames among those that count",
         f"{sum(r['bad_registered'] for r in good)} of {sum(r['frames'] - r['good'] for r in good)}", ""),
        ("definite capillaries in the common field of a clip",
         f"{sought.min()} to {sought.max()}, {sought.sum()} in all", ""),
        ("F1 of the clip's capillaries", f"{f1s.mean():.3f}", f"{(still + (1 - still) / 2).mean():.3f}"),
        ("F1 of a clean still", f"{still.mean():.3f}", ""),
        ("count error, mean over clips", f"{100 * counts.mean():.1f} %", "3 %"),
        ("count error of a clean still, mean", f"{100 * still_counts.mean():.1f} %", ""),
        ("counted in all clips, against the truth", f"{100 * bias:+.1f} %", ""),
        ("identities split or merged", f"{100 * (split + merged):.1f} %", "2 %"),
        ("covered area, difference to the clean still, mean", f"{100 * areas.mean():.1f} %", "2 %"),
    ]  # fmt: skip


def moved_frame(program: Path, picture: Path, work: Path, frames: int, blurred: int) -> tuple[int, int | None, int]:
    """A real frame moved about, re-lit and re-noised: the still's count, the clip's, and frames refused."""
    whole = np.asarray(Image.open(picture).convert("RGB")).astype(np.float32)
    margin = 24
    random = np.random.default_rng(5)
    folder = work / "moved"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    height, width = whole.shape[:2]
    for i in range(frames):
        x, y = random.integers(0, 2 * margin, 2)
        part = whole[y : y + height - 2 * margin, x : x + width - 2 * margin]
        if i % (frames // max(1, blurred)) == 1 and blurred:
            image = Image.fromarray(part.astype(np.uint8)).filter(ImageFilter.GaussianBlur(6))
            part = np.asarray(image).astype(np.float32)
        lit = part * (1 + 0.04 * random.standard_normal()) + random.normal(0, 1, part.shape)
        Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).save(folder / f"{i:03}.ppm")
    inner = work / "still.ppm"
    Image.fromarray(whole[margin:-margin, margin:-margin].astype(np.uint8)).save(inner)
    still = of_type(analyse(program, inner, out=work / "still"), "frame")[0]
    clip = of_type(analyse(program, folder, "--clips", folder, out=work / "out"), "clip")[0]
    # Of the clip, what lies in the still's field.
    count = clip["count"]
    if count is not None:
        x, y, w, h = clip["extent"]
        reference_x, reference_y = x + w / 2, y + h / 2
        field = (reference_x - (width / 2 - margin), reference_y - (height / 2 - margin), width - 2 * margin,
                 height - 2 * margin)  # fmt: skip
        centres = [(c["bbox"][0] + c["bbox"][2] / 2, c["bbox"][1] + c["bbox"][3] / 2) for c in clip["capillaries"]]
        count = sum(field[0] <= cx < field[0] + field[2] and field[1] <= cy < field[1] + field[3] for cx, cy in centres)
    return still["count"], count, clip["frames"] - clip["usable"]


def intravital(program: Path, shared: Path, work: Path) -> Line:
    folder = work / "intravital"
    folder.mkdir(exist_ok=True)
    with Image.open(shared / "data" / "intravital" / "stack_120fps.tif") as stack:
        for i in range(getattr(stack, "n_frames", 1)):
            stack.seek(i)
            values = np.asarray(stack).astype(np.float32)
            low, high = 0, max(1.0, float(values.max()))
            Image.fromarray((255 - 255 * (values - low) / (high - low)).astype(np.uint8)).save(folder / f"{i:03}.png")
    return of_type(analyse(program, folder, "--clips", folder, out=work / "out"), "clip")[0]


def text_page() -> Image.Image:
    page = Image.new("RGB", (1280, 720), "white")
    draw = ImageDraw.Draw(page)
    for y in range(20, 700, 14):
        draw.text((20, y), "Two observers agree on whether this picture can be judged at 0.14. " * 3, fill="black")
    return page


def verdicts(program: Path, shared: Path, work: Path) -> list[tuple[str, str]]:
    frames = shared / "data" / "frames"
    folder = work / "verdicts"
    folder.mkdir(exist_ok=True)
    first = Image.open(frames / "f01.png").convert("RGB")
    Image.new("RGB", (1280, 720), "black").save(folder / "black.png")
    Image.new("RGB", (1280, 720), "white").save(folder / "white.png")
    text_page().save(folder / "text.png")
    first.point(lambda value: min(255, int(value * 2.6))).save(folder / "saturated.png")
    for sigma in (5, 7):
        first.filter(ImageFilter.GaussianBlur(sigma)).save(folder / f"f01_blurred_{sigma}.png")
    lines = of_type(analyse(program, frames, out=work / "out"), "frame")
    usable = [line["source"] for line in lines if line["quality"]["usable"]]
    rows = [("the real frames", f"{len(usable)} of {len(lines)} usable")]
    rows += [(line["source"], f"refused: {'; '.join(line['quality']['reasons'])}") for line in lines
             if not line["quality"]["usable"]]  # fmt: skip
    for line in of_type(analyse(program, folder, out=work / "out"), "frame"):
        quality = line["quality"]
        rows.append((line["source"], "usable" if quality["usable"] else "; ".join(quality["reasons"])))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("shared", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--real-frames", type=int, default=250, help="of the clips made of a real frame")
    parser.add_argument("--seed", type=int, default=20261201, help="one on which no threshold was chosen")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        results = synthetic(program, work, arguments.clips, arguments.frames, arguments.size, arguments.seed)
        rows = synthetic_rows(results)
        real = []
        pages = []
        if arguments.shared.is_dir():
            pages = verdicts(program, arguments.shared, work)
            picture = arguments.shared / "data" / "frames" / "f01.png"
            for blurred in (0, arguments.real_frames // 5):
                still, clip, refused = moved_frame(program, picture, work, arguments.real_frames, blurred)
                real.append(f"f01 as {arguments.real_frames} frames, {blurred} blurred (sigma 6): the still has "
                            f"{still} capillaries, the clip {clip}; {refused} frames refused.")  # fmt: skip
            seen = intravital(program, arguments.shared, work)
            most_px = max(map(abs, seen["motion"]["dx"] + seen["motion"]["dy"]))
            halves = seen["repeatability"] and seen["repeatability"]["count"]
            real.append(f"The intravital recording (inverted): {seen['registered']} of {seen['usable']} usable frames "
                        f"of {seen['frames']} register, moving at most {most_px:.1f} px; count {seen['count']}, "
                        f"of the halves {halves}.")  # fmt: skip
    printed = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    version = printed.splitlines()[0]
    text = ["# Accuracy of clips and of the quality verdict", "",
            "Research use only, not for diagnosis. Measured by `.venv/bin/python scripts/accuracy_clips.py "
            f"build/release/capillaryx ../shared docs/accuracy_clips.md --clips {arguments.clips} --frames "
            f"{arguments.frames} --size {arguments.size} --seed {arguments.seed} --real-frames "
            f"{arguments.real_frames}`. "
            f"The aim is for 64 clips of 50 frames; this is that run's size. Program: {version}.", "",
            "## Synthetic clips", "",
            "Tremor, a drift over a third of the field, rotation, focus drift, flicker, moving blood and bubbles; a "
            "tenth of the frames spoiled. Capillaries count if they lie in the tissue that nine in ten frames show.",
            "", "| figure | measured | aim |", "|---|---|---|"]  # fmt: skip
    text += [f"| {title} | {value} | {aim} |" for title, value, aim in rows]
    failed = [f"- Clip {i} has no result: {r['reason']}." for i, r in enumerate(results) if "reason" in r]
    text += ["", *failed] if failed else []
    text += ["", "Frames that do not fit surely are left out. The error of a frame holds that of the reference "
             "frame, so that a", "blurred reference shifts all frames of its clip alike. Capillaries are matched as "
             "`capillaryx evaluate` does: what", "is found on an ambiguous one, or on one that the common field does "
             "not hold whole, counts neither way."]  # fmt: skip
    if real:
        text += ["", "## Real data", "", *(f"- {line}" for line in real)]
        text += ["", "## Verdicts", "", "| picture | verdict |", "|---|---|", *(f"| {a} | {b} |" for a, b in pages)]
    arguments.page.write_text("\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    main()
