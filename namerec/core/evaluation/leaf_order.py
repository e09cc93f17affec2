"""An order in which alike things stand next to each other.

Source: Bar-Joseph, Gifford and Jaakkola, "Fast optimal leaf ordering for hierarchical clustering",
Bioinformatics 17 (2001). Written out here because the order that SciPy's `optimal_leaf_ordering`
returns is often not the best one (scipy issue 11227).
"""

import numpy as np

#: Most columns for which the best of all turns of a tree's branches is looked for: 0.3 s; twice
#: as many would take eight times as long.
MOST_TURNED = 512


def alike(values: np.ndarray) -> np.ndarray:
    """Columns in an order that puts next to each other those with like values.

    Average linkage on Euclidean distances. Of more than `MOST_TURNED` columns the tree's branches
    stay as they come; of others they are turned as `shortest_turn` says.

    Args:
        values: (observations, columns).

    Returns:
        Columns, int64, (columns,).
    """
    from scipy.cluster.hierarchy import leaves_list, linkage  # 0.3 s that pages need not wait for
    from scipy.spatial.distance import squareform

    columns = values.shape[1]
    if columns < 2:
        return np.arange(columns)
    distances = _distances(values)
    tree = linkage(squareform(distances, checks=False), "average")
    leaves = (
        shortest_turn(tree, distances)
        if columns <= MOST_TURNED
        else leaves_list(tree).astype(np.int64)
    )
    # A tree can be read from either end: from the one with the lower number.
    return leaves if leaves[0] < leaves[-1] else leaves[::-1]


def _distances(values: np.ndarray) -> np.ndarray:
    """Euclidean distances of columns, (columns, columns), by one product of matrices."""
    exact = values.astype(np.float64)
    products = exact.T @ exact
    squares = np.diag(products)
    apart = np.maximum(squares[:, None] + squares[None, :] - 2 * products, 0)
    np.fill_diagonal(apart, 0)
    return np.asarray(np.sqrt((apart + apart.T) / 2))


def shortest_turn(tree: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """The leaves of a tree, its branches turned so that the way past all of them is shortest.

    For every branch, from the leaves upward, the shortest way past its leaves is kept for each
    pair of ends; two branches are joined by way of the best pair of leaves that meet.

    Args:
        tree: Of 2 leaves or more, as SciPy's `linkage` gives it, (leaves - 1, 4).
        distances: Of the leaves, symmetric, (leaves, leaves).

    Returns:
        Leaves, int64, (leaves,).
    """
    count = len(distances)
    leaves = [np.array([leaf]) for leaf in range(count)]
    lengths: list[np.ndarray] = [np.zeros((1, 1)) for _ in range(count)]  # from end to end
    joints: list[tuple[int, int, np.ndarray, np.ndarray]] = []
    for left, right in tree[:, :2].astype(np.int64).tolist():
        between = distances[np.ix_(leaves[left], leaves[right])]
        step, last_left = _shortest(lengths[left], between)
        way, first_right = _shortest(step, lengths[right])
        joints.append((left, right, last_left, first_right))
        leaves.append(np.concatenate([leaves[left], leaves[right]]))
        size = len(leaves[left])
        whole = np.full((len(leaves[-1]), len(leaves[-1])), np.inf)
        whole[:size, size:], whole[size:, :size] = way, way.T
        lengths.append(whole)
        lengths[left] = lengths[right] = np.empty((0, 0))  # not needed again
    ends = divmod(int(lengths[-1].argmin()), count)
    order: list[int] = []
    ahead = [(len(leaves) - 1, *ends)]
    while ahead:
        node, begin, end = ahead.pop()
        if node < count:
            order.append(node)
            continue
        left, right, last_left, first_right = joints[node - count]
        size = len(leaves[left])
        turned = begin >= size  # begins in the right branch
        in_left, in_right = (end, begin - size) if turned else (begin, end - size)
        first = int(first_right[in_left, in_right])
        last = int(last_left[in_left, first])
        if turned:
            ahead += [(left, last, in_left), (right, in_right, first)]
        else:
            ahead += [(right, first, in_right), (left, in_left, last)]
    return np.array(order, dtype=np.int64)


def _shortest(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least of `one[a, m] + other[m, b]` over all m, (A, B), and the m that has it."""
    least = np.full((len(one), other.shape[1]), np.inf)
    where = np.zeros(least.shape, dtype=np.int64)
    for middle in range(len(other)):
        through = one[:, middle, None] + other[middle]
        better = through < least
        least[better], where[better] = through[better], middle
    return least, where
