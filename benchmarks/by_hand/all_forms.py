"""Every form by hand. Of several for an operation the best counts."""

from benchmarks.by_hand.forms import Form
from benchmarks.by_hand.intents import INTENTS
from benchmarks.by_hand.lists import LISTS
from benchmarks.by_hand.lists_as_json import LISTS_AS_JSON
from benchmarks.by_hand.many_intents import MANY_INTENTS
from benchmarks.by_hand.mixed import MIXED
from benchmarks.by_hand.one_tweet import ONE_TWEET
from benchmarks.by_hand.tweets import TWEETS
from benchmarks.by_hand.whole_rows import WHOLE_ROWS

FORMS: tuple[Form, ...] = (
    *ONE_TWEET,
    *TWEETS,
    *INTENTS,
    *LISTS,
    *LISTS_AS_JSON,
    *WHOLE_ROWS,
    *MANY_INTENTS,
    *MIXED,
)
