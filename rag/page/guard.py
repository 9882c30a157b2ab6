"""Keep the page on this machine, whatever it was started with."""

import re

from streamlit import net_util

from rag.errors import RagError

_OURS = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


class NotLocal(RagError):
    """The page was asked for under another name than this machine's own."""


def check_host(host: str | None) -> None:
    """Refuse a browser that was led here under a foreign name.

    A web page whose name is made to point at 127.0.0.1 (DNS rebinding) is same-origin with this
    one, so neither CORS nor XSRF protection stops it from reading the notes; the name does.

    Args:
        host: what the browser takes this server's name and port to be; None where none is asked,
            as in a test.

    Raises:
        NotLocal: it is not this machine's own name.
    """
    if host is not None and not _OURS.fullmatch(host):
        raise NotLocal(
            "this page shows its notes on the machine they are on only",
            "open http://127.0.0.1 with the port that rag serve named",
        )


def forbid_look_ups() -> None:
    """Keep Streamlit from asking a server on the internet for this machine's address.

    It does so whenever a page of another origin knocks, to compare the two.
    """
    net_util.get_external_ip = _no_address


def _no_address() -> None:
    return None
