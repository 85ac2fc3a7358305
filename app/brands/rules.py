"""What a brand must look like, and how its hashtags compare."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.brands.problems import BadBrand, BadMarketplace, BadTrigger
from app.brands.states import TriggerAction

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""As a DNS label (RFC 1035 section 2.3.1, RFC 1123 section 2.1), so it fits any address."""

HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
"""X's help centre, "About your username"."""

MARKETPLACE = re.compile(r"[A-Z]{2,8}")
NAME_CHARACTERS_MAX = 200
MARKETPLACES_MAX = 50
TRIGGERS_MAX = 100
TAG_CHARACTERS_MAX = 100
AFFILIATE_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""An associate's tag is letters, digits and hyphens; other programmes use underscores as well."""
X_ID_MAX = 2**63 - 1


@dataclass(frozen=True)
class NewTrigger:
    """A hashtag (without `#`) that asks for a cart on one of the brand's marketplaces."""

    tag: str
    marketplace: str
    action: TriggerAction = TriggerAction.CART


@dataclass(frozen=True, kw_only=True)
class NewBrand:
    """A brand before it exists. At least one marketplace; triggers name these only."""

    slug: str
    name: str
    x_user_id: int
    x_handle: str
    marketplaces: Sequence[str]
    triggers: Sequence[NewTrigger]


def fold_tag(tag: str) -> str:
    """What two spellings of one hashtag share: compatible forms made one, case folded away.

    Source:
        Unicode Standard Annex 15 (NFKC) and section 3.13 of the Unicode Standard (case folding).
        Look-alike letters stay different.
    """
    return unicodedata.normalize("NFKC", tag).casefold()


def why_not_create(new: NewBrand) -> BadBrand | None:
    """The first reason why *new* cannot be a brand, whatever other brands there are."""
    reasons = (
        _why_not_named(new),
        _why_not_marketplaces(new.marketplaces),
        _why_not_triggers(new),
    )
    reason = next((reason for reason in reasons if reason), None)
    return BadBrand(reason=reason) if reason else None


def _why_not_named(new: NewBrand) -> str | None:
    if not SLUG.fullmatch(new.slug):
        return f"The slug {new.slug!r} must be 1 to 63 of a-z, 0-9 and, inside, hyphens."
    if not 1 <= len(new.name.strip()) <= NAME_CHARACTERS_MAX:
        return f"The name must have 1 to {NAME_CHARACTERS_MAX} characters."
    if not HANDLE.fullmatch(new.x_handle):
        return f"The X handle {new.x_handle!r} must be 1 to 15 letters, digits or underscores."
    if not 0 < new.x_user_id <= X_ID_MAX:
        return f"The X user id must be a number from 1 to {X_ID_MAX}."
    return None


def _why_not_marketplaces(marketplaces: Sequence[str]) -> str | None:
    if not 1 <= len(marketplaces) <= MARKETPLACES_MAX:
        return f"A brand sells on 1 to {MARKETPLACES_MAX} marketplaces."
    if len(set(marketplaces)) < len(marketplaces):
        return "A marketplace is named twice; name each once."
    if bad := next((name for name in marketplaces if not MARKETPLACE.fullmatch(name)), None):
        return f"The marketplace {bad!r} must be a code of 2 to 8 capitals, such as US."
    return None


def _why_not_triggers(new: NewBrand) -> str | None:
    if not 1 <= len(new.triggers) <= TRIGGERS_MAX:
        return f"A brand has 1 to {TRIGGERS_MAX} triggers."
    reasons = (_why_not_trigger(trigger, new.marketplaces) for trigger in new.triggers)
    if reason := next((reason for reason in reasons if reason), None):
        return reason
    if len({fold_tag(trigger.tag) for trigger in new.triggers}) < len(new.triggers):
        return "Two triggers are the same hashtag; letter case makes no difference."
    return None


def _why_not_trigger(trigger: NewTrigger, marketplaces: Collection[str]) -> str | None:
    if not is_tag(trigger.tag):
        return f"The trigger {trigger.tag!r} must be a hashtag without its #, such as AmazonCart."
    if trigger.marketplace not in marketplaces:
        return (
            f"The trigger {trigger.tag} is for {trigger.marketplace!r}, where the brand does "
            f"not sell; its marketplaces are {', '.join(marketplaces)}."
        )
    return None


def why_not_add_trigger(
    trigger: NewTrigger, *, marketplaces: Collection[str], triggers: int
) -> BadTrigger | None:
    """Why a brand with so many *triggers* cannot have this one, whatever the others are."""
    if triggers >= TRIGGERS_MAX:
        return BadTrigger(
            reason=f"The brand has {triggers} triggers, as many as it may; remove one first."
        )
    return why_not_change_trigger(trigger, marketplaces=marketplaces)


def why_not_change_trigger(
    trigger: NewTrigger, *, marketplaces: Collection[str]
) -> BadTrigger | None:
    """Why a trigger cannot become like this, whatever the others are."""
    reason = _why_not_trigger(trigger, marketplaces)
    return BadTrigger(reason=reason) if reason else None


def why_not_remove_trigger(*, triggers: int) -> BadTrigger | None:
    """Why a brand with so many *triggers* cannot do with one less."""
    if triggers > 1:
        return None
    return BadTrigger(
        reason="A brand has at least one trigger; change this one, or add another first."
    )


def why_not_map(
    marketplace: str,
    retailer: str,
    affiliate_tag: str | None,
    *,
    retailers: Collection[str],
    marketplaces: Collection[str],
) -> BadMarketplace | None:
    """Why a brand that sells on *marketplaces* cannot have this one served so."""
    if retailer not in retailers:
        known = ", ".join(sorted(retailers))
        return BadMarketplace(reason=f"There is no retailer {retailer!r}; known are {known}.")
    if affiliate_tag is not None and not AFFILIATE_TAG.fullmatch(affiliate_tag):
        return BadMarketplace(
            reason="An affiliate tag is 1 to 64 letters, digits, hyphens and underscores."
        )
    if marketplace in marketplaces:
        return None
    reason = _why_not_marketplaces([*marketplaces, marketplace])
    return BadMarketplace(reason=reason) if reason else None


def is_tag(text: str) -> bool:
    """Whether *text* can be a hashtag on X: letters, marks, digits and `_`, not only digits.

    Source:
        X's text library, conformance file `extract.yml`, "hashtags".
    """
    if not 1 <= len(text) <= TAG_CHARACTERS_MAX:
        return False
    kinds = [unicodedata.category(letter) for letter in text]
    words = all(
        kind[0] in "LM" or kind == "Nd"
        for kind, letter in zip(kinds, text, strict=True)
        if letter not in "_\u200c\u200d"
    )
    return words and any(kind[0] in "LM" for kind in kinds)
