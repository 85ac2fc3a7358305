"""What a page says at its top after something was done. The address names the note, no more."""

from types import MappingProxyType

NOTES = MappingProxyType(
    {
        "withdrawn": "Taken back. Nothing is added to your cart.",
        "withdrawing": "The shop was being asked already. If it has not added the product yet, "
        "nothing is added; if it has, you can take it out here.",
        "removing": "We have asked the shop to take it out of your cart.",
        "chosen": "Thank you. We go on with the product you chose.",
        "linked": "Your account is connected.",
        "linked_and_sent": "Your account is connected, and what waited for it is on its way to "
        "your cart.",
        "unlinked": "Your account is disconnected. What is in your cart there stays in it.",
        "agreed": "Noted: you agreed. What waited for it goes on now.",
        "revoked": "Noted: you no longer agree. Nothing new is done on the strength of it.",
        "session_ended": "That browser is signed out.",
        "too_late": "That could not be done any more: something else happened first. Below is how "
        "things are now.",
        "shop_refused": "The shop did not connect the account. Nothing was changed; try again "
        "later.",
        "shop_silent": "The shop does not answer at the moment. Nothing was changed; try again "
        "in a few minutes.",
    }
)
