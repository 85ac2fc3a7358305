"""Near misses of rule 5: hashtags that look, or almost read, like a trigger. Never acted upon.

A tag is compared by its forms: what is left when everything is taken away that a person may get
wrong unseen. Forms of triggers and tags are remembered: the same ones come again and again.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType

from confusable_homoglyphs import confusables  # type: ignore[import-untyped]  # has no types

TAG_CHARACTERS_MAX = 100
"""As long as a trigger may be; longer tags are no near misses."""

PARTS_MAX = 6
"""Most words that a split tag is put together from."""

TEXT_CHARACTERS_MAX = 25_000
"""How much of a text is looked at; X's own limit of a long post."""

PLACES_MAX = 20
"""At how many places of the text one tag is looked at."""

_LEFT_OUT = frozenset("_\u00ad\u034f\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Underscores, and what joins, parts or turns letters without being seen."""

_ACCENTS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f]")
"""Combining diacritical marks, and variation selectors. Other scripts' vowel signs are letters."""

_SPLIT = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000\-\u2010-\u2015\u2212\uff0d]{1,3}(\w+)")
"""A space or a hyphen, of whatever width, and the word after it."""


def is_near_miss(hashtags: Iterable[str], text: str, triggers: Iterable[str]) -> bool:
    """Whether one of the tags, or one that a space or hyphen splits in *text*, is nearly a trigger.

    Neither holds a real trigger: the caller looked. *triggers* are in the brands' own spelling.
    """
    wanted = _wanted(tuple(triggers))
    return any(
        not wanted.isdisjoint(_forms(tag)) or any(_joined(tag, text, wanted)) for tag in hashtags
    )


def _joined(tag: str, text: str, wanted: frozenset[str]) -> Iterator[bool]:
    """Whether *tag* with one, two ... words after it in *text* is one of *wanted*."""
    beginnings = _forms(tag)
    if not any(form.startswith(tuple(beginnings)) for form in wanted):
        return
    places = re.finditer(rf"[#\uff03]{re.escape(tag)}(?!\w)", text[:TEXT_CHARACTERS_MAX])
    for found in islice(places, PLACES_MAX):
        whole, end = tag, found.end()
        for _ in range(PARTS_MAX):
            part = _SPLIT.match(text, end)
            if part is None:
                break
            whole, end = whole + part[1], part.end()
            yield not wanted.isdisjoint(_forms(whole))


@lru_cache(maxsize=1024)
def _wanted(triggers: tuple[str, ...]) -> frozenset[str]:
    """The forms of near misses of these triggers: their own, and those with a plural `s`."""
    own = frozenset().union(*(_forms(trigger) for trigger in triggers))
    return own | {form + "s" for form in own}


@lru_cache(maxsize=8192)
def _forms(tag: str) -> frozenset[str]:
    """What the tag is compared by: look-alikes of foreign letters resolved, and of all letters.

    Twice, since the skeleton tells capitals from small letters (it takes `m` for `rn`, `I` for
    `l`, `0` for `O`), and people write either.
    """
    if len(tag) > TAG_CHARACTERS_MAX:
        return frozenset()
    compatible = unicodedata.normalize("NFKD", tag)
    plain = "".join(letter for letter in _ACCENTS.sub("", compatible) if letter not in _LEFT_OUT)
    foreign = "".join(letter if letter.isascii() else _prototype(letter) for letter in plain)
    every = "".join(_prototype(letter) for letter in foreign)
    return frozenset(form.casefold() for form in (foreign, every)) - {""}


def _prototype(letter: str) -> str:
    return _PROTOTYPES.get(letter, letter)


def _read_prototypes() -> Mapping[str, str]:
    """For each letter that looks like others, the one that stands for all of them.

    Source:
        Unicode Technical Standard 39, section 4, "Confusable Detection": the skeleton. The library
        lists each pair of Unicode's `confusables.txt` in both directions. A letter has one
        prototype and a prototype many letters; where a pair has no third, either would do.
    """
    pairs = {
        _bare(letter): [_bare(other["c"]) for other in others]
        for letter, others in confusables.confusables_data.items()
    }
    found: dict[str, str] = {}
    for letter, others in pairs.items():
        if len(letter) != 1 or len(others) != 1:
            continue
        [prototype] = others
        if len(pairs.get(prototype, ())) > 1 or letter > prototype:
            found[letter] = unicodedata.normalize("NFKD", prototype)
    return MappingProxyType(found)


def _bare(text: str) -> str:
    """Without the marks that keep right-to-left letters in place inside Unicode's file."""
    return text.replace("\u200e", "") or text


_PROTOTYPES = _read_prototypes()
