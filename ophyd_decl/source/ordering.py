"""Puts names into an order in which each comes after those that it needs.

`graphlib` of the standard library stops at the first circle and does not keep the order of the file.
"""

from collections.abc import Mapping, Sequence


def in_order_of_need(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the names in order, and the circles among them.

    Names keep their order where nothing is needed. Members of a circle are in no order; each name is a member of one
    circle at most, which begins with the member that is first in `needs`.

    :param needs: what each name needs; names that are no key are passed over.

    >>> in_order_of_need({"a": ["b"], "b": [], "c": ["d"], "d": ["c"]})
    (['b', 'a'], [['c', 'd']])
    """
    order: list[str] = []
    circles: list[list[str]] = []
    done: set[str] = set()
    for start in needs:
        way: list[str] = [] if start in done else [start]
        position = {start: 0}
        waiting = [iter(needs[start])]
        while way:
            other = next((name for name in waiting[-1] if name in needs and name not in done), None)
            if other is None:
                name = way.pop()
                waiting.pop()
                del position[name]
                if name not in done:
                    done.add(name)
                    order.append(name)
            elif other in position:
                members = way[position[other] :]
                done.update(members)
                circles.append(_from_first(members, needs))
            else:
                position[other] = len(way)
                way.append(other)
                waiting.append(iter(needs[other]))
    return order, circles


def _from_first(members: list[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    wanted = set(members)
    first = next(name for name in needs if name in wanted)
    index = members.index(first)
    return members[index:] + members[:index]
