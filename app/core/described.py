"""Enums whose members say what they mean, for all who read them: in code, schema and docs alike."""

from enum import StrEnum
from typing import Self


class DescribedEnum(StrEnum):
    """An enum of texts: `NAME = "VALUE", "What it means."` in the class body."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """One member. A call with a value alone finds the member, as of every enum."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member
