"""Her accounts at shops: connecting, disconnecting, and the permission for links to carts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Response

from app.carts.waits import complete_waiting
from app.core.database import WriteSession
from app.events.log import write_transaction
from app.pages.queries import accounts_of, agreed_to, places, waiting_places
from app.pages.visits import Pages, Visit, done, shown, sign_in_page
from app.pages.wording import date_text, place_name, shop_name
from app.retailers.adapter import Opened, Refused, RetailerUnavailable
from app.retailers.registry import ADD_MODES, open_retailers
from app.retailers.states import AddMode
from app.shoppers.consents import TextChanged, current_text, grant
from app.shoppers.queries import shoppers_of
from app.shoppers.service import NewLink, link_accounts, unlink_account
from app.shoppers.states import ConsentKind

OPEN_ACCOUNT = timedelta(seconds=5)
"""How long a shop may take to connect an account."""

BY_LINK = tuple(sorted(name for name, mode in ADD_MODES.items() if mode is AddMode.HANDOFF_URL))
"""Shops for which the permission is needed."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop in one country, as the page lists it."""

    retailer: str
    marketplace: str
    name: str
    waits: bool = False
    since: str | None = None


def add_accounts(router: APIRouter, pages: Pages) -> None:
    """The routes of accounts and of the permission."""
    router.add_api_route("/accounts", shown(pages, show_accounts), methods=["GET"])
    router.add_api_route("/accounts/connect", done(pages, connect), methods=["POST"])
    router.add_api_route("/accounts/disconnect", done(pages, disconnect), methods=["POST"])
    router.add_api_route("/permission", shown(pages, show_permission), methods=["GET"])
    router.add_api_route("/permission", done(pages, agree), methods=["POST"])


async def show_accounts(visit: Visit) -> Response:
    """What is connected, and what can be."""
    reads, person_id = visit.resources.primary_reads, visit.visitor.person_id
    accounts = await accounts_of(reads, person_id)
    waiting = await waiting_places(reads, person_id)
    held = {(account.retailer, account.marketplace) for account in accounts}
    connectable = [place for place in await places(reads) if place not in held]
    return visit.page(
        "accounts.html",
        connected=[
            Shop(
                account.retailer,
                account.marketplace,
                place_name(account.retailer, account.marketplace),
                since=date_text(account.linked_at) if account.linked_at else None,
            )
            for account in accounts
        ],
        connectable=_connectable(connectable, waiting),
        by_link=[shop_name(retailer) for retailer in BY_LINK],
        agreed=await agreed_to(reads, person_id, ConsentKind.HANDOFF),
    )


async def connect(visit: Visit) -> Response:
    """Connect an account, and send on what waited for it."""
    retailer, marketplace = visit.form.get("retailer", ""), visit.form.get("marketplace", "")
    offered = await places(visit.resources.primary_reads)
    known = (retailer, marketplace) in offered
    if not known or ADD_MODES.get(retailer) is not AddMode.SERVER_ADD:
        return visit.not_found()
    opened = await _open_account(visit, retailer, marketplace)
    if opened is None:
        return visit.to("/accounts", "shop_silent")
    if isinstance(opened, Refused):
        return visit.to("/accounts", "shop_refused")
    link = NewLink(
        person_id=visit.visitor.person_id,
        retailer=retailer,
        marketplace=marketplace,
        add_mode=AddMode.SERVER_ADD,
        external_reference=opened.account,
    )
    try:
        async with write_transaction(visit.resources.sessions) as session:
            await link_accounts(session, visit.resources.keys, [link])
            sent = await _complete(session, visit, retailer, marketplace)
    except LookupError:  # she opted out in another browser meanwhile
        return sign_in_page(visit.pages, status=403)
    return visit.to("/accounts", "linked_and_sent" if sent else "linked")


async def disconnect(visit: Visit) -> Response:
    """Disconnect an account.

    What waits goes on waiting for its seven days; what is on its way to the shop fails with
    LINK_REVOKED unless the shop has it already.
    """
    async with write_transaction(visit.resources.sessions) as session:
        was_linked = await unlink_account(
            session,
            visit.visitor.person_id,
            visit.form.get("retailer", ""),
            visit.form.get("marketplace", ""),
            now=visit.now,
        )
    return visit.to("/accounts", "unlinked" if was_linked else "too_late")


async def show_permission(visit: Visit) -> Response:
    """What she is asked to agree to, word for word."""
    return await _permission_page(visit, status=200, has_changed=False)


async def agree(visit: Visit) -> Response:
    """Note that she agreed to the text that stood before her, and send on what waited for it."""
    text = current_text(ConsentKind.HANDOFF)
    if text is None:
        return visit.not_found()
    async with write_transaction(visit.resources.sessions) as session:
        granted = await grant(
            session,
            visit.visitor.person_id,
            text,
            visit.form.get("version", ""),
            now=visit.now,
        )
        if not isinstance(granted, TextChanged):
            for retailer in BY_LINK:
                await _complete(session, visit, retailer, None)
    if isinstance(granted, TextChanged):
        return await _permission_page(visit, status=409, has_changed=True)
    return visit.to(note="agreed")


async def _permission_page(visit: Visit, *, status: int, has_changed: bool) -> Response:
    text = current_text(ConsentKind.HANDOFF)
    if text is None:
        return visit.not_found()
    person_id = visit.visitor.person_id
    return visit.page(
        "permission.html",
        status=status,
        text=text,
        has_changed=has_changed,
        agreed=await agreed_to(visit.resources.primary_reads, person_id, ConsentKind.HANDOFF),
        shops=[shop_name(retailer) for retailer in BY_LINK],
    )


async def _open_account(visit: Visit, retailer: str, marketplace: str) -> Opened | Refused | None:
    """The shop's answer, asked while no transaction is open; None where there is none."""
    who = f"{visit.visitor.account.x_user_id}:{retailer}"
    key = visit.resources.keys.lookup_hash("retailer_account", who).hex()
    try:
        async with open_retailers(visit.resources.database_url) as retailers:
            return await retailers[retailer].open_account(
                idempotency_key=key, marketplace=marketplace, deadline=OPEN_ACCOUNT
            )
    except (TimeoutError, RetailerUnavailable):
        return None


async def _complete(
    session: WriteSession, visit: Visit, retailer: str, marketplace: str | None
) -> int:
    """Send on what of hers waited, at all brands; how many that were."""
    shoppers = await shoppers_of(session, visit.visitor.person_id)
    if not shoppers:
        return 0
    return await complete_waiting(
        session, shoppers=shoppers, retailer=retailer, marketplace=marketplace, now=visit.now
    )


def _connectable(
    found: Sequence[tuple[str, str]], waiting: Collection[tuple[str, str]]
) -> list[Shop]:
    """Shops that add to carts themselves; those that something waits for come first."""
    shops = [
        Shop(
            retailer,
            marketplace,
            place_name(retailer, marketplace),
            (retailer, marketplace) in waiting,
        )
        for retailer, marketplace in found
        if ADD_MODES.get(retailer) is AddMode.SERVER_ADD
    ]
    return sorted(shops, key=lambda shop: (not shop.waits, shop.name))
