"""`hashcart serve` as it is, but for one thing: it charges nobody. For the overhead of charging."""

from unittest.mock import patch

from app import main
from app.cli.running import serve
from app.core.viewer import Viewer
from app.graphql.charges import UNCHARGED, Charge
from app.graphql.meter import Meter


class NoMeter(Meter):
    """Lets everything run, and tells of no cost."""

    def begin(self, viewer: Viewer) -> Charge:
        """The charge that is none."""
        return UNCHARGED


if __name__ == "__main__":
    with patch.object(main, "Meter", NoMeter):
        serve(until_input_ends=True)
