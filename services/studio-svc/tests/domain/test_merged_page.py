"""Pages of several services, merged: nothing is lost between them."""

import pytest
from studio_svc.domain.merged_page import PageOfOne, merged_page


def read(lists, limit, *, is_descending, looks_at=3):
    """Return all items of `lists` page by page; a service looks at three items for a page."""
    after, shown = None, []
    for _ in range(100):
        pages = {}
        for name, items in lists.items():
            rest = [
                item
                for item in sorted(items, reverse=is_descending)
                if after is None or (item < after if is_descending else item > after)
            ]
            looked = rest[:looks_at]
            to = looked[-1] if len(rest) > len(looked) else None
            pages[name] = PageOfOne([{"n": item} for item in looked], to)
        page = merged_page(pages, lambda item: item["n"], limit, is_descending=is_descending)
        shown += [item["n"] for item in page.items]
        after = page.next_after
        if after is None:
            return shown
    raise AssertionError(shown)


@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_every_item_is_shown_once_in_order(limit, is_descending):
    lists = {"a": [1, 4, 9, 10, 11, 12], "b": [2], "c": [], "d": [3, 5, 6, 7, 8, 13, 14, 15]}
    shown = read(lists, limit, is_descending=is_descending)
    assert shown == sorted(range(1, 16), reverse=is_descending)


def test_each_item_says_whose_it_is():
    page = merged_page(
        {"a": PageOfOne([{"n": 1}], None)}, lambda item: item["n"], None, is_descending=False
    )
    assert page.items == [{"service": "a", "n": 1}]
