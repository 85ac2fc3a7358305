"""Two brands with fixed keys: for golden files, and to see that neither reads the other's rows.

Each brand has parents with different children, a parent without children, and nulls. Every value
that could be recognised holds the brand's name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from app.advocates.models import Advocate
from app.advocates.states import AdvocateStatus
from app.brands.models import Brand, BrandMarketplace, Trigger, XAccount
from app.brands.states import AccountRole, BrandStatus
from app.carts.models import CartIntent
from app.carts.states import CartIntentStatus, FailureReason
from app.core.database import WriteSession
from app.core.models import Model
from app.core.viewer import Scope, Viewer
from app.engagements.models import Engagement
from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch
from app.events.models import BrandLog, Event
from app.events.states import ActorKind
from app.graphql.uses import DeprecatedUse
from app.oauth.models import App, Installation, Token
from app.oauth.states import AppKind, AppStatus, InstallationStatus, TokenKind
from app.products.models import Product
from app.products.states import Availability, ProductKind, ProductStatus
from app.retailers.states import AddMode
from app.reviews.models import AdvocateReview
from app.reviews.states import ReviewHost, ReviewStatus
from app.shoppers.models import AccountLink, Consent, Person, Shopper
from app.shoppers.states import ConsentKind, LinkStatus
from app.tweets.models import ShoppableTweet, TweetLink, TweetVersion
from app.tweets.states import LinkVerdict, TweetStatus
from tests.golden_events import engagement_data, intent_data

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
CURSOR_KEY = b"cursor key of the golden files.."
APP_ID = UUID("0a000000-0000-7000-8000-000000000001")


def at(minutes: float) -> datetime:
    """A moment of the golden world, counted from its start."""
    return START + timedelta(minutes=minutes)


@dataclass
class GoldenBrand:
    """One brand's rows. `number` is part of every key: 1 or 2."""

    number: int
    name: str
    rows: list[Model] = field(default_factory=list)

    def key(self, kind: int, position: int = 0) -> UUID:
        """The fixed key of a row: brand, kind of row and position can be read off it."""
        return UUID(f"0{self.number}00{kind:04x}-0000-7000-8000-{position:012x}")

    @property
    def id(self) -> UUID:
        """The brand's key."""
        return self.key(0x0B)

    def viewer(self, *without: Scope) -> Viewer:
        """A viewer of this brand with every scope but those in *without*."""
        return Viewer(
            self.id,
            self.key(0x11),
            APP_ID,
            self.key(0x12),
            frozenset(Scope) - frozenset(without),
            None,
        )

    def all(self) -> Iterator[Model]:
        """The brand's rows, parents before children."""
        yield from self._brand()
        yield from self._access()
        yield from self._products()
        yield from self._tweets()
        yield from self._people()
        yield from self._engagements()
        yield from self._intents()
        yield from self._reviews()
        yield from self._events()

    def _own(self, **values: Any) -> dict[str, Any]:
        return {"brand_id": self.id, **values}

    def _brand(self) -> Iterator[Model]:
        x_user_id = 1_510_000_000_000_000_000 + self.number
        yield Brand(
            id=self.id,
            slug=self.name,
            name=f"{self.name} Ltd",
            x_user_id=x_user_id,
            x_handle=f"{self.name}HQ",
            status=BrandStatus.ACTIVE,
            created_at=at(-100),
        )
        yield XAccount(
            x_user_id=x_user_id,
            handle=f"{self.name}HQ",
            role=AccountRole.BRAND,
            brand_id=self.id,
        )
        for position, (marketplace, tag) in enumerate((("US", "Cart"), ("UK", "Basket"))):
            yield BrandMarketplace(
                **self._own(
                    id=self.key(0x0C, position), marketplace=marketplace, retailer="sandbox"
                )
            )
            yield Trigger(
                **self._own(
                    id=self.key(0x0D, position),
                    tag=f"{self.name}{tag}",
                    folded_tag=f"{self.name}{tag}".casefold(),
                    marketplace=marketplace,
                )
            )

    def _access(self) -> Iterator[Model]:
        scopes = [scope.value for scope in Scope]
        yield Installation(
            **self._own(
                id=self.key(0x11),
                app_id=APP_ID,
                status=InstallationStatus.ACTIVE,
                scopes=scopes,
                granted_by=f"{self.name} owner",
                installed_seq=0,
                created_at=at(-90),
            )
        )
        yield Token(
            **self._own(
                id=self.key(0x12),
                token_hash=self.key(0x12).bytes * 2,
                kind=TokenKind.ACCESS,
                installation_id=self.key(0x11),
                family_id=self.key(0x13),
                label=f"{self.name} label",
                scopes=scopes,
                created_at=at(-80),
            )
        )
        for position, name in enumerate(("Old", "Older")):
            yield DeprecatedUse(
                **self._own(
                    id=self.key(0x14, position),
                    installation_id=self.key(0x11),
                    used_on=START.date() - timedelta(days=position),
                    coordinate=f"{self.name}.{name}",
                    reason=f"Use `{self.name}`.",
                    uses=2**40 + position,
                )
            )

    def _products(self) -> Iterator[Model]:
        for position in range(3):
            priced = position != 1
            yield Product(
                **self._own(
                    id=self.key(0x20, position),
                    retailer="sandbox",
                    marketplace="US",
                    retailer_product_id=f"B0{self.name.upper()[:6]}{position:02d}",
                    title=f"{self.name} product {position} ✓",
                    description=None if position else f'{self.name} says "so" \\ <this>',
                    image_url=None,
                    canonical_url=f"https://www.amazon.com/dp/{self.name}{position}",
                    kind=ProductKind.PHYSICAL,
                    status=ProductStatus.RESOLVED,
                    options=[{"name": "size", "values": ["38", "39"]}] if position == 2 else [],
                    price_amount_minor=1000 + position if priced else None,
                    price_currency="USD" if priced else None,
                    availability=Availability.IN_STOCK,
                    offer_as_of=at(position) if priced else None,
                    created_at=at(position),
                )
            )

    def _tweets(self) -> Iterator[Model]:
        for position in range(3):
            xid = 2_122_978_114_236_649_000 + self.number * 100 + position
            yield ShoppableTweet(
                **self._own(
                    id=self.key(0x30, position),
                    root_xid=xid,
                    conversation_xid=xid,
                    author_xid=1_510_000_000_000_000_000 + self.number,
                    authored_by_brand=True,
                    text=f"{self.name} tweet {position}",
                    status=TweetStatus.LIVE,
                    primary_product_id=self.key(0x20, 0) if position == 1 else None,
                    posted_at=at(10 + position),
                    registered_at=at(20),
                )
            )
            yield TweetVersion(
                **self._own(
                    id=self.key(0x31, position),
                    tweet_id=self.key(0x30, position),
                    xid=xid,
                    seen_at=at(20),
                )
            )
            for link in range(position):  # none, one, two
                yield TweetLink(
                    **self._own(
                        id=self.key(0x32, position * 10 + link),
                        tweet_id=self.key(0x30, position),
                        position=link,
                        url=f"https://t.co/{self.name}{position}{link}",
                        expanded_url=None,
                        verdict=LinkVerdict.PRODUCT if link == 0 else LinkVerdict.NOT_A_PRODUCT,
                        product_id=self.key(0x20, position) if link == 0 else None,
                    )
                )

    def _people(self) -> Iterator[Model]:
        for position in range(3):
            person_id = self.key(0x40, position)
            yield Person(
                id=person_id,
                x_lookup=person_id.bytes * 2,
                sealed_key=b"sealed",
                sealed_x_user_id=b"sealed",
                created_at=at(0),
            )
            yield Shopper(
                **self._own(
                    id=self.key(0x41, position), person_id=person_id, created_at=at(30 + position)
                )
            )
        for marketplace in ("US", "UK"):
            yield AccountLink(
                id=self.key(0x42, ord(marketplace[1])),
                person_id=self.key(0x40, 0),
                retailer="sandbox",
                marketplace=marketplace,
                add_mode=AddMode.SERVER_ADD,
                status=LinkStatus.ACTIVE,
                sealed_external_reference=b"sealed",
                started_at=at(0),
                linked_at=at(1),
            )
        yield Consent(
            **self._own(
                id=self.key(0x43),
                person_id=self.key(0x40, 1),
                kind=ConsentKind.REMINDER,
                text_version=f"{self.name} 1",
                granted_at=at(2),
            )
        )

    def _engagements(self) -> Iterator[Model]:
        for position in range(4):
            yield Engagement(
                **self._own(
                    id=self.key(0x50, position),
                    xid=2_123_688_217_942_515_000 + self.number * 100 + position,
                    kind=EngagementKind.REPLY,
                    shopper_id=self.key(0x41, position % 3),
                    tweet_id=self.key(0x30, 1 + position % 2) if position < 3 else None,
                    trigger_tag=f"{self.name}Cart",
                    trigger_match=TriggerMatch.EXACT,
                    misuse_reason=MisuseReason.NO_LINK if position == 3 else None,
                    content_state=ContentState.PRESENT,
                    occurred_at=at(40 + position),
                    received_at=at(41 + position),
                    deliveries=[
                        {"source": source, "receivedAt": "2026-11-20T12:41:00Z"}
                        for source in ("post.reply.create", "stream")[: max(position - 1, 0)]
                    ],
                )
            )

    def _intents(self) -> Iterator[Model]:
        states = (
            CartIntentStatus.ADDED,
            CartIntentStatus.AWAITING_LINK,
            CartIntentStatus.ADDED,
            CartIntentStatus.FAILED,
        )
        for position, status in enumerate(states):
            added, failed = status is CartIntentStatus.ADDED, status is CartIntentStatus.FAILED
            yield CartIntent(
                **self._own(
                    id=self.key(0x60, position),
                    engagement_id=self.key(0x50, position),
                    engagement_xid=2_123_688_217_942_515_000 + self.number * 100 + position,
                    tweet_id=None if failed else self.key(0x30, 1 + position % 2),
                    shopper_id=self.key(0x41, position % 3),
                    product_id=None if failed else self.key(0x20, 1 + position % 2),
                    marketplace="US",
                    retailer="sandbox",
                    status=status,
                    failure_reason=FailureReason.NO_PRODUCT_LINK if failed else None,
                    failure_retryable=False if failed else None,
                    failure_detail=f"{self.name} detail" if failed else None,
                    cart_reference=f"{self.name} cart" if added else None,
                    offer_amount_minor=1001 if added else None,
                    offer_currency="USD" if added else None,
                    waits_until=at(9000) if status is CartIntentStatus.AWAITING_LINK else None,
                    # The first two came in the same moment: their ids decide the order.
                    received_at=at(50 + max(1, position)),
                    matched_at=at(52),
                    answered_at=at(53) if added else None,
                    updated_at=at(54) + timedelta(microseconds=250_000 * position),
                )
            )

    def _reviews(self) -> Iterator[Model]:
        yield Advocate(
            **self._own(
                id=self.key(0x70),
                shopper_id=self.key(0x41, 0),
                status=AdvocateStatus.ENROLLED,
                score=42,
                score_components=[{"name": f"{self.name}_answered", "points": 42}],
                disclosure_text=f"{self.name} friend",
                enrolled_at=at(60),
                created_at=at(59),
            )
        )
        for position in range(3):
            own_site = position != 2
            yield AdvocateReview(
                **self._own(
                    id=self.key(0x71, position),
                    product_id=self.key(0x20, position % 2),
                    advocate_id=self.key(0x70) if own_site else None,
                    host=ReviewHost.BRAND_SITE if own_site else ReviewHost.AMAZON,
                    status=ReviewStatus.SUBMITTED,
                    url=None if own_site else f"https://www.amazon.com/{self.name}",
                    rating=5 - position if own_site else None,
                    title=f"{self.name} title {position}" if own_site else None,
                    body=f"{self.name} body {position}" if own_site else None,
                    submitted_at=at(70 + position),
                )
            )

    def _events(self) -> Iterator[Model]:
        yield BrandLog(brand_id=self.id, head=4, floor=0)
        kinds = (
            ("engagement.recorded", "Engagement"),
            ("cart_intent.received", "CartIntent"),
            ("cart_intent.added", "CartIntent"),
            ("cart_intent.failed", "CartIntent"),
        )
        for position, (kind, subject) in enumerate(kinds):
            intent = subject == "CartIntent"
            yield Event(
                brand_id=self.id,
                id=self.key(0x80, position),
                seq=position + 1,
                type=kind,
                schema_version=1,
                occurred_at=at(80 + position),
                recorded_at=at(80 + position),
                correlation_id=self.key(0x60, 0) if intent else None,
                actor_kind=ActorKind.SHOPPER,
                actor_id=self.key(0x41, 0),
                subject_type=subject,
                subject_id=self.key(0x60 if intent else 0x50, 0),
                data=intent_data(self, kind) if intent else engagement_data(self),
            )


FJORD = GoldenBrand(1, "fjord")
PRAIRIE = GoldenBrand(2, "prairie")


async def fill(session: WriteSession) -> None:
    """Insert both brands."""
    session.add(
        App(
            id=APP_ID,
            client_id="golden-app",
            name="Golden app",
            kind=AppKind.CONFIDENTIAL,
            status=AppStatus.ACTIVE,
            created_at=at(-100),
        )
    )
    await session.flush()
    for brand in (FJORD, PRAIRIE):
        for _, rows in groupby(brand.all(), key=type):  # parents before children
            session.add_all(list(rows))
            await session.flush()
