"""What she saved: the list, and choosing, taking back, taking out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Response

from app.carts.choices import candidates_of, choose_product, request_removal, withdraw_intent
from app.carts.intents import Intent
from app.carts.states import OPEN, CartIntentStatus
from app.core.database import WriteSession
from app.core.ids import global_id
from app.events.log import write_transaction
from app.events.states import ActorKind
from app.pages.forms import key_of
from app.pages.queries import Item, Offered, Place, item_of, items_of, offered_of, read_place
from app.pages.visits import Pages, Visit, done, shown
from app.pages.wording import Said, place_name, price_text, say, shop_name, short_date
from app.retailers.registry import ADD_MODES
from app.retailers.states import AddMode

INTENT, PRODUCT = "CartIntent", "Product"
NEWEST = Place(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
"""Where the first page begins: before everything."""


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as the page shows it."""

    item: Item
    id: str
    said: Said
    title: str
    price: str | None
    picture: str | None
    place: str
    shop: str
    date: str
    post_url: str | None
    hand_off_url: str | None
    can_choose: bool
    can_connect: bool
    can_agree: bool
    can_withdraw: bool
    can_remove: bool


def add_saved(router: APIRouter, pages: Pages) -> None:
    """The routes of the list and of each thing in it."""
    router.add_api_route("", shown(pages, show_saved), methods=["GET"])
    router.add_api_route("/items/{item}/choose", shown(pages, show_choice), methods=["GET"])
    router.add_api_route("/items/{item}/choose", done(pages, choose), methods=["POST"])
    router.add_api_route("/items/{item}/withdraw", done(pages, withdraw), methods=["POST"])
    router.add_api_route("/items/{item}/remove", done(pages, remove), methods=["POST"])


def first_place(visit: Visit) -> Place | None:
    """Where the page that is asked for begins; None for an address that we did not make."""
    text = visit.request.query_params.get("after")
    return NEWEST if text is None else read_place(text)


async def show_saved(visit: Visit) -> Response:
    """Everything of every brand, newest first."""
    after = first_place(visit)
    if after is None:
        return visit.not_found()
    reads, person_id = visit.resources.primary_reads, visit.visitor.person_id
    items, following = await items_of(reads, person_id, after)
    public_url = visit.pages.answers.public_url
    return visit.page(
        "saved.html",
        items=[view_of(item, public_url) for item in items],
        following=following.text() if following else None,
        is_first="after" not in visit.request.query_params,
    )


async def show_choice(visit: Visit) -> Response:
    """The products among which she chooses."""
    item = await _item(visit)
    if item is None:
        return visit.not_found()
    return await _choice_page(visit, item, status=200, is_missing=False)


async def choose(visit: Visit) -> Response:
    """Go on with the product that she chose."""
    item = await _item(visit)
    if item is None:
        return visit.not_found()
    product_id = key_of(visit.form.get("product", ""), PRODUCT)
    if product_id is None:
        return await _choice_page(visit, item, status=400, is_missing=True)
    async with write_transaction(visit.resources.sessions) as session:
        outcome = await choose_product(
            session,
            brand_id=item.brand_id,
            intent_id=item.id,
            product_id=product_id,
            actor=ActorKind.SHOPPER,
            now=visit.now,
        )
    return visit.to(note="chosen" if isinstance(outcome, Intent) else "too_late")


async def withdraw(visit: Visit) -> Response:
    """Take back what did not reach her cart yet."""
    item = await _item(visit)
    if item is None:
        return visit.not_found()
    async with write_transaction(visit.resources.sessions) as session:
        outcome = await withdraw_intent(
            session,
            brand_id=item.brand_id,
            intent_id=item.id,
            actor=ActorKind.SHOPPER,
            now=visit.now,
        )
    if not isinstance(outcome, Intent):
        return visit.to(note="too_late")
    is_over = outcome.status is CartIntentStatus.WITHDRAWN
    return visit.to(note="withdrawn" if is_over else "withdrawing")


async def remove(visit: Visit) -> Response:
    """Have the shop take out of her cart what it added."""
    item = await _item(visit)
    if item is None:
        return visit.not_found()
    async with write_transaction(visit.resources.sessions) as session:
        outcome = await request_removal(
            session,
            brand_id=item.brand_id,
            intent_id=item.id,
            actor=ActorKind.SHOPPER,
            now=visit.now,
        )
    return visit.to(note="removing" if isinstance(outcome, Intent) else "too_late")


async def _item(visit: Visit) -> Item | None:
    """The item in the address, if it is hers."""
    intent_id = key_of(visit.request.path_params["item"], INTENT)
    if intent_id is None:
        return None
    return await item_of(visit.resources.primary_reads, visit.visitor.person_id, intent_id)


async def _choice_page(visit: Visit, item: Item, *, status: int, is_missing: bool) -> Response:
    async with visit.resources.sessions() as session:
        candidates = await candidates_of(
            WriteSession(session), brand_id=item.brand_id, intent_id=item.id
        )
    ids = [candidate.name.id for candidate in candidates]
    offered = await offered_of(visit.resources.primary_reads, item.brand_id, ids)
    public_url = visit.pages.answers.public_url
    return visit.page(
        "choose.html",
        status=status,
        item=view_of(item, public_url),
        choices=_choices(ids, offered, public_url),
        is_missing=is_missing,
    )


def _choices(
    ids: Sequence[UUID], offered: Mapping[UUID, Offered], public_url: str
) -> list[Mapping[str, str | None]]:
    return [
        {
            "id": global_id(PRODUCT, key),
            "title": product.title,
            "price": _price(product.amount_minor, product.currency),
            "picture": own_picture(product.image_url, public_url),
        }
        for key in ids
        if (product := offered.get(key)) is not None
    ]


def view_of(item: Item, public_url: str) -> ItemView:
    """An item with its words and with what she can do about it."""
    mode = ADD_MODES.get(item.retailer or "")
    waits = item.status is CartIntentStatus.AWAITING_LINK
    added = (item.offer_amount_minor, item.offer_currency)
    now = (item.price_amount_minor, item.price_currency)
    return ItemView(
        item=item,
        id=global_id(INTENT, item.id),
        said=say(item, mode),
        title=item.title or f"From a post of {item.brand_name}",
        price=_price(*added) or _price(*now),
        picture=own_picture(item.image_url, public_url),
        place=place_name(item.retailer, item.marketplace),
        shop=shop_name(item.retailer),
        date=short_date(item.received_at),
        post_url=f"https://x.com/{item.brand_handle}/status/{item.root_xid}"
        if item.root_xid
        else None,
        hand_off_url=_hand_off(item),
        can_choose=item.status is CartIntentStatus.AWAITING_CHOICE,
        can_connect=waits and mode is AddMode.SERVER_ADD,
        can_agree=waits and mode is AddMode.HANDOFF_URL,
        can_withdraw=item.status in OPEN and not item.is_being_withdrawn,
        can_remove=item.status is CartIntentStatus.ADDED and not item.is_being_removed,
    )


def own_picture(url: str | None, public_url: str) -> str | None:
    """A picture that we serve ourselves: no other server learns that she looked."""
    if url is None:
        return None
    path = url.removeprefix(public_url)
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else None


def _hand_off(item: Item) -> str | None:
    url = item.hand_off_url
    is_open = item.status is CartIntentStatus.HANDED_OFF and url is not None
    return url if is_open and url is not None and url.startswith("https://") else None


def _price(amount_minor: int | None, currency: str | None) -> str | None:
    if amount_minor is None or currency is None:
        return None
    return price_text(amount_minor, currency)
