"""Which code a thing may have, by the names of things that have one: a proposal for a
person, with what speaks for it.

Two names are alike as far as they share words. That is little, and it can be explained
to whoever has to decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

ALIKE = 0.6
"""From this likeness on names speak of the same kind of thing: two words of three."""

MOST_USED = 2
"""A code that so many things share is no single thing's own."""

_WORD = re.compile(r"\w+")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")
_PAIR = 2
"""Chinese writes no blanks: two signs in a row stand for a word."""
_LETTERS = str.maketrans({"ة": "ه", "ى": "ي", "\u0640": None})
_ARTICLE = "ال"


def words(text: str) -> frozenset[str]:
    """Return the words of a name without what is written in more than one way: case,
    accents, Arabic vowel signs, forms of alef and the article. Figures, which tell
    sizes and models apart and not kinds, are left out. Of Chinese, each two signs in a
    row are taken for a word."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = plain.translate(_LETTERS).casefold()
    chinese = {pair for run in _HAN.findall(plain) for pair in _pairs(run)}
    found = _WORD.findall(_HAN.sub(" ", plain))
    return frozenset(_stem(word) for word in found if _tells(word)) | chinese


def _pairs(run: str) -> Iterator[str]:
    """Yield each two signs in a row; one alone for itself."""
    for at in range(max(len(run) - _PAIR + 1, 1)):
        yield run[at : at + _PAIR]


def _tells(word: str) -> bool:
    return len(word) > 1 and not any(sign.isdigit() for sign in word)


def _stem(word: str) -> str:
    return word.removeprefix(_ARTICLE) if len(word) > len(_ARTICLE) + 2 else word


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how much of two names is shared, from 0 to 1 (Dice's coefficient)."""
    if not one or not other:
        return 0.0
    return 2 * len(one & other) / (len(one) + len(other))


@dataclass(frozen=True, slots=True)
class Choice:
    """A code that is proposed.

    :ivar like: the name of the thing that has it and is most alike, "" if it is
        proposed because most have it
    :ivar users: how many things have it
    :ivar total: how many have any code
    """

    code: Hashable
    like: str
    users: int
    total: int


class Neighbours:
    """Things that have a code, among which one is looked for that fits another.

    :param known: ``(name, code)`` of each
    """

    def __init__(self, known: Iterable[tuple[str, Hashable]]) -> None:
        self._known = list(known)
        self._users = Counter(code for _name, code in self._known)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._words = []
        for place, (name, _code) in enumerate(self._known):
            self._words.append(words(name))
            for word in self._words[-1]:
                self._by_word[word].append(place)

    def alike(self, name: str) -> Choice | None:
        """Return the code of the thing whose name is most alike; of several, the one
        that is used most. ``None`` if no name is alike, or equally alike ones with
        equally many users disagree."""
        own = words(name)
        places = {place for word in own for place in self._by_word.get(word, ())}
        ranked: dict[Hashable, tuple[float, int, str]] = {}
        for place in sorted(places):
            known, code = self._known[place]
            rank = (likeness(own, self._words[place]), self._users[code])
            if rank[0] >= ALIKE and rank > ranked.get(code, (0.0, 0, ""))[:2]:
                ranked[code] = (*rank, known)
        best = sorted(ranked.items(), key=lambda item: item[1][:2], reverse=True)
        if not best or (len(best) > 1 and best[0][1][:2] == best[1][1][:2]):
            return None
        code, (_likeness, users, like) = best[0]
        return Choice(code, like, users, len(self._known))

    def usual(self) -> Choice | None:
        """Return the code that several have, and more than half of all; ``None`` if
        there is none."""
        for code, users in self._users.most_common(1):
            if users >= MOST_USED and 2 * users > len(self._known):
                return Choice(code, "", users, len(self._known))
        return None
