"""Definitions of objects as PostgreSQL says them once it has read its own words.

`status IN ('a', 'b')` over a varchar is kept as a list of varchar with one cast around it. Said so and read
again, it comes back with a cast in every element. `a IN (b, c, d)` of columns is kept as pairs of pairs, and
comes back as one OR. Both mean the same as before.
"""

import re

LIST = "(ARRAY["
CAST = re.compile(r'\)::((?:"(?:[^"]|"")+"|[A-Za-z_][\w ]*|\.)+(?:\(\d+(?:,\d+)?\))?)\[\]')
CLOSES = {"(": ")", "[": "]"}


def comparable(definition: str) -> str:
    """What of a definition stays when it is said and read again. An object that is made anew from its own
    words may move parentheses, and not what they mean."""
    return settled(definition).translate({ord("("): None, ord(")"): None})


def settled(definition: str) -> str:
    """A definition with the casts of lists in their elements."""
    at = definition.find(LIST)
    while at >= 0:
        inside = at + len(LIST)
        elements, end = _elements(definition, inside)
        cast = CAST.match(definition, end + 1)
        if cast is not None:
            made = ", ".join(f"({settled(one)})::{cast[1]}" for one in elements)
            definition = f"{definition[:at]}ARRAY[{made}]{definition[cast.end() :]}"
            inside = at + len("ARRAY[") + len(made)
        at = definition.find(LIST, inside)
    return definition


def _elements(text: str, start: int) -> tuple[list[str], int]:
    """The elements of a list that begins there, and where its bracket closes; the text's end where it does
    not."""
    elements: list[str] = []
    open_, begins, at = ["]"], start, start
    while at < len(text):
        sign = text[at]
        if sign in "'\"":  # a doubled quote is the end of one and the start of another
            at = text.find(sign, at + 1)
            if at < 0:
                break
        elif sign in CLOSES:
            open_.append(CLOSES[sign])
        elif sign == open_[-1]:
            open_.pop()
            if not open_:
                return [*elements, text[begins:at]], at
        elif sign == "," and len(open_) == 1:
            elements.append(text[begins:at])
            begins = at + 2  # a space follows
        at += 1
    return elements, len(text)
