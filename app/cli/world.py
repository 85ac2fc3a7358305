"""The file format that `hashcart seed` reads: a world as it was before the log begins.

A JSON object with `"format": 1` and these lists, each of which may be absent:

- `brands`: `slug`, `name`, `x_user_id`, `x_handle`, `marketplaces`, `triggers` (`tag`,
  `marketplace`, `action`), `acceptQuotes`, `resolveDepth`, `autoRegister`. A marketplace is
  served by the sandbox retailer, unless `retailers` names `amazon` for it, which hands off by
  link. Beside the list, `bot` is the service's own X account.
- `products`: `brand`, `retailer` (of its marketplace), `marketplace`, `asin`, `title`,
  `description`, `image_url`, `kind`, `price_minor` and `currency`, `availability`, `options`,
  `canonical_url`; `gone` and `sandbox.on_add.refuse` say how the sandbox behaves.
- `tweets`: `brand`, `id`, `versions`, `conversation_id`, `author_x_user_id`, `created_at`, `text`,
  `urls`, `primary_product`, `status`, `campaign`. Only what the brand wrote keeps its text.
- `shoppers`: `x_user_id`, `x_handle`, `linked`, `opted_out`, `consents`, `sandbox_cart`.
- `advocates`: `brand`, `x_user_id` (of a listed shopper), `status`, `score` and its `components`
  (`name`, `points`), `insider`, `disclosure_text`, `enrolled_at`.
- `reviews`: `brand`, `name` (unique within the brand), `product` (`marketplace`, `asin`),
  `advocate` (an X user id, or absent), `host`, `status`, `url`, `rating`, `title`, `body`,
  `language`, the three disclosures, `rejection_reason`, `submitted_at`, `published_at`.

A moment is ISO 8601 with a zone, or `{"days_ago": 3.5}`, counted back from the moment its brand
was first loaded, so that loading again changes nothing. A tweet whose `created_at` is such an
object has a `name` instead of an `id`, and gets a true Snowflake of that moment. X ids are
decimal strings. `clock`, `consumer_secret` and `marketplace_hosts` may stand beside the lists and
are not loaded: they are for tests.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)

from app.advocates.states import AdvocateStatus
from app.brands.states import ResolveDepth, TriggerAction
from app.products.states import Availability, ProductKind
from app.retailers.adapter import Refusal
from app.reviews.states import ReviewHost, ReviewStatus
from app.shoppers.states import ConsentKind
from app.tweets.states import TweetStatus

ITEMS_MAX = 100_000
"""Most entries of one list."""

PARTS_MAX = 100
"""Most parts of one entry: links of a tweet, options of a product."""

TEXT_CHARACTERS_MAX = 25_000
"""As long as a post on X may be."""

X_ID_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1


def _x_id(value: object) -> int:
    if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
        raise ValueError("must be an X id: a string of digits")
    if not 0 < int(value) <= X_ID_MAX:
        raise ValueError(f"must be an X id from 1 to {X_ID_MAX}")
    return int(value)


def _storable(text: str) -> str:
    if any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("must not hold U+0000 or half of a surrogate pair")
    return text


XId = Annotated[int, BeforeValidator(_x_id)]
Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX), AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Code = Annotated[str, Field(pattern=r"^[A-Z]{2,8}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
ProductId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Item = TypeVar("Item")
Many = Annotated[list[Item], Field(max_length=ITEMS_MAX)]
Few = Annotated[list[Item], Field(max_length=PARTS_MAX)]


class Entry(BaseModel):
    """What stands in the file. A key that the format does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DaysAgo(Entry):
    """A moment told by its distance from the brand's first loading."""

    days_ago: Annotated[float, Field(ge=0, le=3650, allow_inf_nan=False)]


def _moment_form(value: object) -> str | None:
    if isinstance(value, str | datetime):
        return ABSOLUTE
    return RELATIVE if isinstance(value, dict | DaysAgo) else None


ABSOLUTE, RELATIVE = "a moment", "a distance"
MOMENT_FORMS = (ABSOLUTE, RELATIVE)
Moment = Annotated[
    Annotated[AwareDatetime, Tag(ABSOLUTE)] | Annotated[DaysAgo, Tag(RELATIVE)],
    Discriminator(
        _moment_form,
        custom_error_type="moment",
        custom_error_message='Must be ISO 8601 with a zone, or {"days_ago": 3.5}',
    ),
]


def moment_at(moment: datetime | DaysAgo, anchor: datetime) -> datetime:
    """The moment itself, to the millisecond; *anchor* is when the brand was first loaded."""
    told = moment if isinstance(moment, datetime) else anchor - timedelta(days=moment.days_ago)
    return told.replace(microsecond=told.microsecond // 1000 * 1000)


class ProductKey(Entry):
    """A product by what it is called where it is sold."""

    marketplace: Code
    asin: ProductId


class XAccountEntry(Entry):
    """An account on X."""

    x_user_id: XId
    x_handle: Name


class TriggerEntry(Entry):
    """A hashtag, without its `#`, that asks for a cart."""

    tag: Name
    marketplace: Code
    action: TriggerAction = TriggerAction.CART


class BrandEntry(XAccountEntry):
    """A brand with its marketplaces and triggers, which become exactly these.

    `retailers` says who serves a marketplace where that is not the sandbox.
    """

    slug: Name
    name: Name
    marketplaces: Few[Code]
    retailers: dict[Code, Literal["sandbox", "amazon"]] = {}
    triggers: Few[TriggerEntry]
    accept_quotes: Annotated[bool, Field(alias="acceptQuotes")] = False
    auto_register: Annotated[bool, Field(alias="autoRegister")] = True
    resolve_depth: Annotated[ResolveDepth, Field(alias="resolveDepth")] = ResolveDepth.PARENT


class OnAdd(Entry):
    """What the sandbox does when a product is added: refuse for good, or time out at first."""

    refuse: Refusal | None = None
    timeouts: Annotated[int, Field(ge=0, le=100)] = 0


class ShelfEntry(Entry):
    """How the sandbox treats a product."""

    on_add: OnAdd = OnAdd()


class OptionEntry(Entry):
    """A choice that a product comes in."""

    name: Name
    values: Few[Name]


class ProductEntry(ProductKey):
    """A product of a brand, and its place on the sandbox's shelf."""

    brand: Name
    retailer: Literal["sandbox", "amazon"] = "sandbox"
    title: Name
    description: Text | None = None
    image_url: Text | None = None
    canonical_url: Text
    kind: ProductKind = ProductKind.PHYSICAL
    availability: Availability = Availability.IN_STOCK
    price_minor: Annotated[int, Field(ge=0, le=INTEGER_MAX)] | None = None
    currency: Currency | None = None
    options: Few[OptionEntry] = []
    gone: bool = False
    sandbox: ShelfEntry = ShelfEntry()


class UrlEntry(Entry):
    """A link as X gives it."""

    url: Text
    expanded_url: Text | None = None
    unwound_url: Text | None = None


class TweetEntry(Entry):
    """A registered tweet; its links become exactly these."""

    brand: Name
    id: XId | None = None
    name: Name | None = None
    versions: Few[XId] = []
    conversation_id: XId | None = None
    author_x_user_id: XId | None = None
    created_at: Moment | None = None
    text: Text | None = None
    urls: Few[UrlEntry] = []
    primary_product: ProductKey | None = None
    status: TweetStatus = TweetStatus.LIVE
    campaign: Name | None = None


class LinkEntry(Entry):
    """An account at the sandbox that a shopper linked."""

    retailer: Literal["sandbox"] = "sandbox"
    marketplace: Code


class ConsentEntry(Entry):
    """What a shopper agreed to; without a brand, for all of them."""

    kind: ConsentKind
    brand: Name | None = None
    text_version: Name = "seed"


class SandboxCartEntry(Entry):
    """How the sandbox treats a shopper's cart."""

    holds: Few[ProductKey] = []
    full: bool = False
    on_add: OnAdd = OnAdd()


class ShopperEntry(Entry):
    """A person on X. Links, consents and opt-outs are given by the file, never taken back."""

    x_user_id: XId
    x_handle: Name | None = None
    linked: Few[LinkEntry] = []
    opted_out: bool = False
    consents: Few[ConsentEntry] = []
    sandbox_cart: SandboxCartEntry | None = None


class ScoreComponent(Entry):
    """One part of an advocate's score, in points of 100."""

    name: Name
    points: Annotated[int, Field(ge=0, le=100)]


class AdvocateEntry(Entry):
    """A shopper who speaks for a brand, with the consent that this takes."""

    brand: Name
    x_user_id: XId
    status: AdvocateStatus = AdvocateStatus.ENROLLED
    score: Annotated[int, Field(ge=0, le=100)] = 0
    components: Few[ScoreComponent] = []
    insider: bool = False
    disclosure_text: Text | None = None
    enrolled_at: Moment | None = None


class ReviewEntry(Entry):
    """A review of a product. One that stands elsewhere has a link and no text or stars."""

    brand: Name
    name: Name
    product: ProductKey
    advocate: XId | None = None
    host: ReviewHost = ReviewHost.BRAND_SITE
    status: ReviewStatus = ReviewStatus.SUBMITTED
    url: Text | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    title: Text | None = None
    body: Text | None = None
    language: Name | None = None
    verified_purchase: bool | None = None
    incentivized: bool | None = None
    insider: bool | None = None
    disclosure_text: Text | None = None
    rejection_reason: Text | None = None
    submitted_at: Moment
    published_at: Moment | None = None


class World(Entry):
    """A whole file."""

    format: Literal[1]
    clock: AwareDatetime | None = None
    consumer_secret: str | None = None
    marketplace_hosts: dict[str, Any] = {}
    bot: XAccountEntry | None = None
    brands: Many[BrandEntry] = []
    products: Many[ProductEntry] = []
    tweets: Many[TweetEntry] = []
    shoppers: Many[ShopperEntry] = []
    advocates: Many[AdvocateEntry] = []
    reviews: Many[ReviewEntry] = []
