# SPDX-License-Identifier: Apache-2.0
"""Makes tests/networks: one tiny network in each format that the program reads, and wrong ones. Needs .venv-train, and
OpenVINO (.venv) for the OpenVINO IR:

    .venv-train/bin/python training/make_stub_networks.py && .venv/bin/python training/make_stub_networks.py
"""

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "tests/networks"
# Darkness of the middle, as a probability: what a stub can know of capillaries.
GREEN_WEIGHT, BIAS = -20.0, 8.0
RGB = {"input": "rgb", "scale": 255}


def notes(name: str, said: dict[str, Any]) -> None:
    (FOLDER / f"{name}.json").write_text(json.dumps(said) + "\n")


def make_keras_stubs() -> None:
    """15x15x3, channels last, one output with a sigmoid, as SavedModel and TFLite."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import numpy as np
    import tensorflow as tf

    mean = keras.layers.GlobalAveragePooling2D()
    dense = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input((15, 15, 3)), mean, dense])
    dense.set_weights([np.array([[0.0], [GREEN_WEIGHT], [0.0]], np.float32), np.array([BIAS], np.float32)])
    model(np.zeros((1, 15, 15, 3), np.float32))
    saved = FOLDER / "saved_model"
    shutil.rmtree(saved, ignore_errors=True)
    model.export(saved, verbose=False)
    (saved / "fingerprint.pb").unlink(missing_ok=True)
    notes("saved_model", RGB)
    (FOLDER / "tiny.tflite").write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(saved)).convert())
    notes("tiny.tflite", RGB)


def make_onnx_stubs() -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, external_data_helper, helper, numpy_helper

    def save(
        name: str,
        shape: list[Any],
        weights: Any,
        bias: Any,
        *,
        end: str = "Sigmoid",
        kind: int = TensorProto.FLOAT,
        inputs: int = 1,
        said: dict[str, Any] | None = None,
        weights_in: str | None = None,
    ) -> None:
        last = shape[3] == weights.shape[0]
        value = "regions"
        nodes = []
        if kind != TensorProto.FLOAT:
            nodes.append(helper.make_node("Cast", [value], ["cast"], to=TensorProto.FLOAT))
            value = "cast"
        nodes += [
            helper.make_node("ReduceMean", [value], ["mean"], axes=[1, 2] if last else [2, 3], keepdims=0),
            helper.make_node("Gemm", ["mean", "weights", "bias"], ["numbers"]),
        ]
        out = "numbers"
        if end:
            nodes.append(helper.make_node(end, [out], ["probabilities"]))
            out = "probabilities"
        values = [helper.make_tensor_value_info("regions", kind, shape)]
        if inputs == 2:
            nodes.append(helper.make_node("Add", [out, "second"], ["sum"]))
            values.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, ["batch", weights.shape[1]]))
            out = "sum"
        constants = [
            numpy_helper.from_array(np.asarray(weights, np.float32), "weights"),
            numpy_helper.from_array(np.asarray(bias, np.float32), "bias"),
        ]
        if weights_in:
            (FOLDER / weights_in).write_bytes(constants[0].raw_data)
            external_data_helper.set_external_data(constants[0], weights_in)
            constants[0].ClearField("raw_data")
        output = helper.make_tensor_value_info(out, TensorProto.FLOAT, ["batch", weights.shape[1]])
        graph = helper.make_graph(nodes, "stub", values, [output], constants)
        proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="capillaryx")
        proto.ir_version = 8
        (FOLDER / name).write_bytes(proto.SerializeToString(deterministic=True))
        onnx.checker.check_model(FOLDER / name)
        if said is not None:
            notes(name, said)

    one, two = np.array([[0.0], [GREEN_WEIGHT], [0.0]]), np.array([[0, 0], [0, GREEN_WEIGHT], [0, 0]])
    save("sigmoid.onnx", ["batch", 15, 15, 3], one, [BIAS], said=RGB)
    save("softmax.onnx", ["batch", 3, 15, 15], two, [0, BIAS], end="Softmax", said={**RGB, "capillary_class": 1})
    save("logits.onnx", ["batch", 15, 15, 3], one, [BIAS], end="", said={**RGB, "output": "logits", "threshold": 0.4})
    save("imagenet.onnx", ["batch", 3, 224, 224], one, [BIAS], said={**RGB, "input": "bgr", "mean": [0, 0, 0]})
    save("one_by_one.onnx", [1, 15, 15, 3], one, [BIAS], said=RGB)
    save("external.onnx", ["batch", 15, 15, 3], one, [BIAS], said=RGB, weights_in="external.weights")
    # Wrong ones.
    save("silent.onnx", ["batch", 15, 15, 3], one, [BIAS])
    save("which_class.onnx", ["batch", 3, 15, 15], two, [0, BIAS], end="Softmax", said=RGB)
    save("no_softmax.onnx", ["batch", 15, 15, 3], one, [BIAS], end="", said=RGB)
    save("not_a_number.onnx", ["batch", 15, 15, 3], one, [np.nan], said=RGB)
    save("five_channels.onnx", ["batch", 15, 15, 5], np.zeros((5, 1)), [0], said=RGB)
    save("two_inputs.onnx", ["batch", 15, 15, 3], one, [BIAS], inputs=2, said=RGB)
    save("whole_numbers.onnx", ["batch", 15, 15, 3], one, [BIAS], kind=TensorProto.INT64, said=RGB)
    save("misspelt.onnx", ["batch", 15, 15, 3], one, [BIAS], said={**RGB, "treshold": 0.4})
    whole = (FOLDER / "sigmoid.onnx").read_bytes()
    (FOLDER / "truncated.onnx").write_bytes(whole[: len(whole) // 2])
    (FOLDER / "text.onnx").write_text("This is no network.\n")


def make_ir_stub() -> None:
    import openvino

    openvino.save_model(
        openvino.Core().read_model(FOLDER / "sigmoid.onnx"), FOLDER / "tiny.xml", compress_to_fp16=False
    )
    notes("tiny.xml", RGB)


def make_frame_stubs() -> None:
    """Networks over whole frames: they find what is darker than its surroundings of 21x21 pixels."""
    import numpy as np
    import openvino
    from openvino import Model
    from openvino import opset13 as op

    def save(name: str, result: Any, parameter: Any, said: dict[str, Any]) -> None:
        results = result if isinstance(result, list) else [result]
        for each, output in zip(results, ("boxes", "scores", "labels") if len(results) > 1 else ("out",), strict=False):
            each.output(0).set_names({output})
        parameter.output(0).set_names({"frame"})
        openvino.save_model(Model(results, [parameter], name), FOLDER / f"{name}.xml", compress_to_fp16=False)
        notes(f"{name}.xml", said)

    side = 21
    kernel = np.zeros((1, 3, side, side), np.float32)
    kernel[0, 1] = 1 / side**2
    kernel[0, 1, side // 2 - 1 : side // 2 + 2, side // 2 - 1 : side // 2 + 2] -= 1 / 9
    pads = [side // 2, side // 2]

    def darkness(frame: Any) -> Any:
        dark = op.convolution(frame, op.constant(kernel), [1, 1], pads, pads, [1, 1])
        return op.add(op.multiply(dark, op.constant(np.float32(200))), op.constant(np.float32(-2)))

    def score_table(frame: Any, table: Any) -> Any:
        nothing = op.multiply(
            op.reduce_mean(frame, op.constant(np.array([0, 1, 2, 3])), keep_dims=False), np.float32(0)
        )
        return op.add(op.constant(np.asarray(table, np.float32)), nothing)

    rgb = {"input": "rgb", "scale": 255}
    whole = op.parameter([1, 3, -1, -1], np.float32)
    save("segmentation", op.sigmoid(darkness(whole)), whole, {"task": "segmentation", **rgb})
    tile = op.parameter([1, 256, 256, 3], np.float32)
    planes = op.transpose(tile, op.constant(np.array([0, 3, 1, 2])))
    logit = darkness(planes)
    pair = op.concat([op.multiply(logit, op.constant(np.float32(0))), logit], 1)
    last = op.transpose(pair, op.constant(np.array([0, 2, 3, 1])))
    save("logit_map", last, tile, {"task": "segmentation", "output": "logits", "capillary_class": 1, **rgb})
    whole = op.parameter([1, 3, -1, -1], np.float32)
    classes = op.convert(op.greater(darkness(whole), op.constant(np.float32(0))), "i64")
    save("class_map", classes, whole, {"task": "segmentation", "output": "classes", "capillary_class": 1, **rgb})
    corners = [[10, 20, 50, 80, 0.9], [12, 22, 50, 80, 0.8], [200, 100, 260, 180, 0.7], [300, 10, 310, 40, 0.2]]
    box = op.parameter([1, 3, 240, 320], np.float32)
    detector = {"task": "detection", "fit": "stretch", "nms": 0.5, **rgb}
    save(
        "detection",
        score_table(box, [corners]),
        box,
        {**detector, "columns": ["x0", "y0", "x1", "y1", "score"]},
    )
    box = op.parameter([1, 3, 240, 320], np.float32)
    middles = [[(a + c) / 640, (b + d) / 480, (c - a) / 320, (d - b) / 240] for a, b, c, d, _ in corners]
    save(
        "detector_outputs",
        [
            score_table(box, middles),
            score_table(box, [row[4] for row in corners]),
            score_table(box, [1, 1, 1, 0]),
        ],
        box,
        {
            **detector,
            "columns": ["cx", "cy", "width", "height"],
            "boxes": "boxes",
            "scores": "scores",
            "labels": "labels",
            "capillary_class": 1,
            "coordinates": "normalised",
        },
    )
    small = op.parameter([1, 3, 32, 32], np.float32)
    mean = op.reduce_mean(small, op.constant(np.array([2, 3])), keep_dims=False)
    save(
        "frame_classes",
        op.softmax(mean, 1),
        small,
        {"task": "frame", "fit": "stretch", "classes": ["reddish", "greenish", "bluish"], **rgb},
    )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("keras"):
        make_onnx_stubs()
        make_keras_stubs()
    else:
        make_ir_stub()
        make_frame_stubs()
