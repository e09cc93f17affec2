from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import ClusterNode, leaves_list, linkage, to_tree
from scipy.spatial.distance import cdist, pdist

from namerec.core.evaluation import leaf_order
from namerec.core.evaluation.leaf_order import alike, shortest_turn


def points(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3))


def way(distances: np.ndarray, order: Sequence[int] | np.ndarray) -> float:
    return float(sum(distances[a, b] for a, b in pairwise(order)))


def turns(node: ClusterNode) -> list[list[int]]:
    """Every order of the leaves that turning branches reaches."""
    if node.is_leaf():
        return [[node.id]]
    return [
        first + second
        for left, right in product(turns(node.left), turns(node.right))
        for first, second in ((left, right), (right, left))
    ]


@given(st.integers(2, 7), st.integers(0, 999))
def test_no_other_turn_of_the_branches_is_shorter(count, seed):
    places = points(count, seed)
    distances, tree = cdist(places, places), linkage(pdist(places), "average")
    order = shortest_turn(tree, distances).tolist()
    reached = turns(to_tree(tree))
    assert order in reached
    assert way(distances, order) == pytest.approx(min(way(distances, turn) for turn in reached))


@given(st.integers(1, 12), st.integers(0, 999))
def test_alike_orders_every_column_once_by_the_distances_of_columns(count, seed):
    places = points(count, seed)
    order = alike(places.T)
    assert sorted(order.tolist()) == list(range(count))
    if count > 1:
        distances = cdist(places, places)
        shortest = shortest_turn(linkage(pdist(places), "average"), distances)
        assert way(distances, order) == pytest.approx(way(distances, shortest))
        assert order[0] < order[-1]


def test_a_tree_that_is_one_long_chain_is_no_matter():
    places = np.cumsum(np.arange(1.0, 401.0))[:, None]  # each further from all the others
    assert alike(places.T).tolist() == list(range(400))


def test_of_too_many_columns_the_trees_own_order_is_taken(monkeypatch):
    monkeypatch.setattr(leaf_order, "MOST_TURNED", 5)
    places = points(6, 1)
    own = leaves_list(linkage(pdist(places), "average")).tolist()
    assert alike(places.T).tolist() in (own, own[::-1])


def test_columns_without_a_difference_are_ordered_too():
    assert sorted(alike(np.ones((4, 3))).tolist()) == [0, 1, 2]
