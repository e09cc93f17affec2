"""A network as ONNX."""
