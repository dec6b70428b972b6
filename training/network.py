# SPDX-License-Identifier: Apache-2.0
"""The paper's network, and its way into an ONNX file.

3x3 convolutions of 32, 64 and 128, each followed by max-pooling; dense layers of 128, 64 and 2; ReLU; softmax.
"""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT_PX = 22  # of the input; 22, 30, 38, ... are read to the last row: poolings come out even
INPUT_PLANES = 4
NOTES_KEY = "capillaryx"  # where the program looks for a network's notes in the ONNX metadata
OPSET = 13


def build() -> keras.Sequential:
    """A fresh network; input [batch, INPUT_PX, INPUT_PX, 3], output [batch, 2]: no capillary, capillary."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((INPUT_PX, INPUT_PX, INPUT_PLANES)),
            layers.Conv2D(32, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(64, 3, activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Conv2D(128, 3, activation="relu", name="conv3"),
            layers.MaxPooling2D(name="pool3"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.1, name="dropout"),
            layers.Dense(128, activation="relu", name="dense1"),
            layers.Dense(64, activation="relu", name="dense2"),
            layers.Dense(2, name="dense3"),
        ],
        name="capillary",
    )


def _weights(model: keras.Model, layer: str) -> tuple[Any, Any]:
    kernel, bias = model.get_layer(layer).get_weights()
    return kernel.astype(np.float32), bias.astype(np.float32)


def write_onnx(model: keras.Model, file: Path, temperature: float, shift: float, notes: dict[str, Any]) -> None:
    """Writes the network with softmax(logits / temperature + (0, shift)) at its end, and `notes` into the metadata.

    The same weights give the same bytes. The file's input is [batch, INPUT_PLANES, INPUT_PX, INPUT_PX].
    """
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []
    value = "regions"

    def add(kind: str, layer: str, inputs: list[str], **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [layer], name=layer, **attributes))
        return layer

    def constant(name: str, array: Any) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    channels = 0
    for number in (1, 2, 3):
        kernel, bias = _weights(model, f"conv{number}")
        channels = kernel.shape[3]
        names = [constant(f"conv{number}_kernel", kernel.transpose(3, 2, 0, 1)), constant(f"conv{number}_bias", bias)]
        value = add("Conv", f"conv{number}", [value, *names], kernel_shape=[3, 3])
        value = add("Relu", f"relu{number}", [value])
        value = add("MaxPool", f"pool{number}", [value], kernel_shape=[2, 2], strides=[2, 2])
    value = add("Flatten", "flatten", [value], axis=1)
    for number in (1, 2, 3):
        kernel, bias = _weights(model, f"dense{number}")
        if number == 1:  # Keras flattens rows, columns, channels; ONNX flattens channels, rows, columns.
            side = round((kernel.shape[0] / channels) ** 0.5)
            kernel = kernel.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
        if number == 3:
            kernel, bias = kernel / np.float32(temperature), bias / np.float32(temperature)
            bias = bias + np.array([0, shift], np.float32)
        names = [constant(f"dense{number}_kernel", kernel), constant(f"dense{number}_bias", bias)]
        value = add("Gemm", f"dense{number}", [value, *names])
        if number < 3:
            value = add("Relu", f"dense{number}_relu", [value])
    add("Softmax", "probabilities", [value], axis=1)

    graph = helper.make_graph(
        nodes,
        "capillary",
        [helper.make_tensor_value_info("regions", TensorProto.FLOAT, ["batch", INPUT_PLANES, INPUT_PX, INPUT_PX])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        constants,
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="capillaryx")
    proto.ir_version = 8
    helper.set_model_props(proto, {NOTES_KEY: json.dumps(notes, sort_keys=True)})
    onnx.checker.check_model(proto, full_check=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(proto.SerializeToString(deterministic=True))


def read_onnx(file: Path, model: keras.Model) -> None:
    """Sets the weights of `model` (see build) to those of a file that write_onnx wrote."""
    constants = {each.name: numpy_helper.to_array(each) for each in onnx.load(str(file)).graph.initializer}
    for layer in model.layers:
        if f"{layer.name}_kernel" not in constants:
            continue
        kernel, bias = constants[f"{layer.name}_kernel"], constants[f"{layer.name}_bias"]
        wanted = layer.get_weights()[0].shape
        if kernel.ndim == 4:
            kernel = kernel.transpose(2, 3, 1, 0)
        elif layer.name == "dense1":
            channels = model.get_layer("conv3").filters
            side = round((kernel.shape[0] / channels) ** 0.5)
            kernel = kernel.reshape(channels, side, side, -1).transpose(1, 2, 0, 3).reshape(kernel.shape)
        if kernel.shape != wanted:
            raise ValueError(f"{file}: {layer.name} is {kernel.shape}, not {wanted}: not the shipped network's layers")
        layer.set_weights([kernel, bias])
