"""How far a line moves the column of its neighbours."""

from __future__ import annotations

from sluicegate.config.layout.columns import FILE_BOUND, KEY_BOUND, LINE_BOUND, Row, align


def endpoint(key: str, comment: str = "") -> Row:
    return Row(2, f"{key}: t", comment, table=1, key_end=len(key) + 1, has_value=True)


def aligned(*rows: Row) -> list[str]:
    align(list(rows))
    return [" " * row.indent + row.text for row in rows]


def test_a_key_up_to_the_bound_moves_the_targets_beside_it() -> None:
    longest = "k" * (KEY_BOUND - 3)
    short, long = aligned(endpoint("a"), endpoint(longest))
    assert short.index("t") == long.index("t") == KEY_BOUND + 1


def test_a_longer_key_stands_out_of_the_table() -> None:
    too_long = "k" * (KEY_BOUND - 2)
    assert aligned(endpoint("a"), endpoint("bcd"), endpoint(too_long)) == [
        "  a:   t",
        "  bcd: t",
        f"  {too_long}: t",
    ]


def test_a_key_without_a_target_moves_nothing() -> None:
    assert aligned(endpoint("a"), Row(2, "longer:", table=1, key_end=7)) == ["  a: t", "  longer:"]


def test_two_mappings_have_columns_of_their_own() -> None:
    other = Row(2, "longer: t", table=2, key_end=7, has_value=True)
    assert aligned(endpoint("a"), other) == ["  a: t", "  longer: t"]


def test_comments_of_the_whole_file_share_a_column_up_to_a_bound() -> None:
    far = "x" * FILE_BOUND
    rows = [Row(0, "a: 1", "# a"), Row(0, "b: 2"), Row(0, far, "# b"), Row(0, "c"), Row(0, far + "x", "# c")]
    first, _, second, _, third = aligned(*rows)
    assert first.index("#") == second.index("#") == FILE_BOUND + 2
    assert third.index("#") == FILE_BOUND + 3


def test_comments_beside_a_longer_line_share_its_column_up_to_a_bound() -> None:
    first, second = aligned(Row(0, "a", "# a"), Row(0, "x" * LINE_BOUND, "# b"))
    assert first.index("#") == second.index("#") == LINE_BOUND + 2
    first, second = aligned(Row(0, "a", "# a"), Row(0, "x" * (LINE_BOUND + 1), "# b"))
    assert (first, second.index("#")) == ("a  # a", LINE_BOUND + 3)


def test_lines_that_look_like_endpoints_below_another_one_are_not_aligned_with_it() -> None:
    assert aligned(endpoint("a"), Row(0, is_blank=True), endpoint("bcd")) == ["  a: t", "", "  bcd: t"]
