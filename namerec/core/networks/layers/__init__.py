"""The fast recurrent layers: the cells' mathematics with a hand-written backward pass.

What makes them fast, and nothing else about them differs from looping over `cells`:

- A one-hot letter times a matrix is a row of the matrix: the input's part of all gates is one
  gather for all time steps of a batch (bias included), and its gradient one scattered sum.
- The gates are one product a time step, activated in place in the buffer that holds it:
  tanh(x) = 2 sigmoid(2x) - 1, and PyTorch's sigmoid takes a ninth of its tanh's time.
- Names are sorted by length, so a time step is a contiguous block of rows and blocks only shrink;
  and a prefix that several names share is computed once, see `prefixes`.
- Backward through time, every factor that does not depend on the gradient is computed for all time
  steps at once before the loop; a step is then a few elementwise operations and one product.
- The recurrent weights' gradient is one product over all time steps at the end.
"""
