"""Pieces of work side by side: their questions are answered in one call, and one that fails stops no other."""

import pytest

from models.together import answered, run_together

CALLS = []


def doubled(numbers):
    CALLS.append(list(numbers))
    if -1 in numbers:
        raise ValueError("no negative numbers")
    return [2 * number for number in numbers]


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def asking(*numbers):
    def work():
        return [answered(doubled, [number])[0] for number in numbers]

    return work


def test_alone_a_question_is_a_call():
    assert answered(doubled, [1, 2]) == [2, 4]
    assert CALLS == [[1, 2]]


def test_questions_asked_at_the_same_point_are_one_call():
    assert run_together([asking(1, 10), asking(2), asking(3, 30)]) == [[2, 20], [4], [6, 60]]
    assert CALLS == [[1, 2, 3], [10, 30]]


def test_one_whose_question_fails_gets_the_error_and_the_others_their_answers():
    first, second, third = run_together([asking(1), asking(-1), asking(3)])
    assert (first, third) == ([2], [6])
    assert isinstance(second, ValueError)


def test_one_that_raises_by_itself_stops_no_other():
    def broken():
        raise KeyError("of its own")

    error, fine = run_together([broken, asking(4)])
    assert isinstance(error, KeyError)
    assert fine == [8]


def test_one_piece_runs_at_a_time():
    running, most = [0], []

    def work():
        running[0] += 1
        most.append(running[0])
        running[0] -= 1
        return answered(doubled, [1])

    run_together([work] * 5)
    assert most == [1] * 5


def test_an_exit_is_no_outcome_of_a_piece_of_work():
    def leaving():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run_together([leaving])
