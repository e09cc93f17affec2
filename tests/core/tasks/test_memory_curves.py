from namerec.core.tasks.memory_curves import (
    MEMORY_NETWORKS,
    MemoryCurve,
    MemoryPoint,
    finding,
    memory_curves,
)


def point(network="rnn", noise=5, accuracy=1.0, seed=0) -> MemoryPoint:
    return MemoryPoint(network, noise, seed, accuracy, 571)


def test_a_curve_is_mean_worst_and_best_of_the_seeds_by_distance():
    curves = memory_curves(
        [
            point("lstm", 20, 0.25, seed=1),
            point("lstm", 5, 1.0),
            point("rnn", 5, 0.5),
            point("lstm", 20, 0.75),
        ]
    )
    assert curves == [
        MemoryCurve("rnn", (5,), (0.5,), (0.5,), (0.5,), (1,), (0,), (571,)),
        MemoryCurve(
            "lstm", (5, 20), (1.0, 0.5), (1.0, 0.25), (1.0, 0.75), (1, 2), (1, 0), (571, 571)
        ),
    ]


def test_a_network_remembers_up_to_the_first_distance_where_it_does_not():
    accuracies = {5: 1.0, 10: 0.9, 20: 0.89, 50: 1.0}
    [curve] = memory_curves([point(noise=noise, accuracy=a) for noise, a in accuracies.items()])
    assert curve.remembers() == 10
    [never] = memory_curves([point(accuracy=0.2)])
    assert never.remembers() == 0


def test_the_finding_says_how_far_each_network_came():
    points = [point(network, noise, 0.3) for network in MEMORY_NETWORKS[:2] for noise in (5, 50)]
    points += [point(network, noise) for network in MEMORY_NETWORKS[2:] for noise in (5, 50)]
    said = finding(memory_curves(points))
    assert "by RNN (linear) and RNN (tanh) at no distance" in said
    assert "by LSTM (built-in), LSTM (custom) and GRU over 50 letters" in said
    assert "The longest distance measured is 50 letters" in said
    assert "12.5 %" in said
    assert "This is from one training each; another seed can give another result." in said
    assert "on average" not in said
    turned = finding(memory_curves([point("rnn", 20), point("lstm", 20, 0.1)]))
    assert turned.index("LSTM (built-in) at no") < turned.index("RNN (linear) over 20 letters")


def test_the_finding_says_how_many_trainings_pass_a_threshold_by_themselves():
    """A mean of 0.92 of which one fails, and one of 0.85 of which two pass."""
    points = [point("rnn", 5, a, seed) for seed, a in enumerate((1.0, 1.0, 0.76))]
    points += [point("rnn", 20, a, seed) for seed, a in enumerate((0.9, 0.95, 0.7))]
    points += [point("lstm", noise, 1.0, seed) for noise in (5, 20) for seed in range(3)]
    said = finding(memory_curves(points))
    assert "on average over the trainings" in said
    assert "There are 3 trainings each, so a single training can decide." in said
    assert said.endswith(
        "How many of them reach 90 % at that distance and at the next: RNN (linear) 2 of 3 over 5, "
        "2 of 3 over 20 letters; LSTM (built-in) 3 of 3 over 20 letters. The longest distance "
        "measured is 20 letters; guessing is right in 12.5 %."
    )


def test_networks_of_unlike_many_trainings_are_told_as_such():
    points = [point("rnn", 5, 1.0, seed) for seed in range(2)] + [point("lstm", 5, 0.2)]
    said = finding(memory_curves(points))
    assert "There are 1 to 2 trainings each" in said
    assert "RNN (linear) 2 of 2 over 5 letters; LSTM (built-in) 0 of 1 over 5 letters." in said


def test_networks_are_compared_at_distances_that_all_of_them_have():
    """An experiment underway has measured one network farther than another."""
    underway = [point("rnn", 5), point("rnn", 10), point("lstm", 5)]
    said = finding(memory_curves(underway))
    assert "by RNN (linear) and LSTM (built-in) over 5 letters" in said
    assert "The longest distance measured is 5 letters" in said
    assert finding(memory_curves([point("rnn", 5), point("lstm", 10)])) == ""


def test_nothing_measured_is_no_finding():
    assert memory_curves([]) == []
    assert finding([]) == ""
