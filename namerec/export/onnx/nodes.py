"""Where an ONNX graph is put together: nodes in order, and the weights that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto


class Drawing:
    """Nodes and weights of a graph. A value is known by its name, which is its node's too."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self._weights: dict[str, TensorProto] = {}

    @property
    def weights(self) -> list[TensorProto]:
        """All that is stored, in the order in which it was first used."""
        return list(self._weights.values())

    def node(
        self, operator: str, inputs: list[str], name: str, why: str = "", **attributes: Any
    ) -> str:
        """Computes one value.

        Args:
            operator: One of ONNX's own.
            inputs: Names of values, in the operator's order.
            name: The new value's.
            why: What there is to say of it to whoever looks at the graph.
            attributes: The operator's.

        Returns:
            `name`.
        """
        self.nodes_of(operator, inputs, [name], why, **attributes)
        return name

    def nodes_of(
        self, operator: str, inputs: list[str], names: list[str], why: str = "", **attributes: Any
    ) -> None:
        """Computes all the values that an operator with several of them gives."""
        from onnx import helper

        self.nodes.append(
            helper.make_node(
                operator, inputs, names, name=names[0], doc_string=why or None, **attributes
            )
        )

    def weight(self, name: str, values: Tensor) -> str:
        """Stores numbers as float32, and returns their name."""
        return self._stored(name, values.detach().cpu().numpy().astype(np.float32))

    def whole(self, name: str, value: int | list[int]) -> str:
        """Stores a whole number, or a row of them, as int64, and returns their name."""
        return self._stored(name, np.array(value, dtype=np.int64))

    def _stored(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        if name not in self._weights:
            self._weights[name] = numpy_helper.from_array(array, name)
        return name
