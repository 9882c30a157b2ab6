"""Make the text of an answer inert: no image, link or HTML in it, and no address that opens.

Notes are untrusted, and so is what a model writes after reading them. Pictures and links become
their text, HTML tags go, and addresses lose their scheme: `https://a.org/b` is shown as `a.org/b`,
which a student can read and no program follows. The quotes of the citations keep every byte.

Rules that look for Markdown can be deceived, so a Markdown parser reads the result; if it still
finds anything alive, all that could begin such a thing is taken apart, code or not.
"""

import html
import re

from markdown_it import MarkdownIt

from rag.answers.marks import CODE, FLAGS, FORMULA

MOST_ROUNDS = 4
"""Links in links in links; deeper ones are taken apart at the end."""

_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_ALIVE = frozenset({"image", "link_open", "html_inline", "html_block"})
_KEPT = re.compile(rf"{CODE}|{FORMULA}", FLAGS)
_PLACE = re.compile("\0(\\d+)\0")
_RISKY_FORMULA = re.compile(r"\]\(|!\[|\]\[|<[A-Za-z/!?]")
_TAGS = (
    "a abbr article aside audio b base big blockquote body br button canvas center cite code col dd"
    " del details dfn div dl dt em embed fieldset figcaption figure font footer form frame h1 h2 h3"
    " h4 h5 h6 head header hr html i iframe img input ins kbd label li link main mark math meta nav"
    " noscript object ol option p picture pre q s samp script section select small source span"
    " strike strong style sub summary sup svg table tbody td template textarea tfoot th thead title"
    " tr track tt u ul var video wbr"
)
_TAG = (
    rf"</?(?:{'|'.join(_TAGS.split())})"
    r"(?:[\s/](?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)?>"
)
_ENTITY = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|colon|sol|period|lsqb|rsqb|lbrack|rbrack|lpar|rpar|excl);"
)
_LABEL = r"\[((?:[^\[\]]|\[[^\[\]]*+\])*+)\]"
_TARGET = r"\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)"
_LINK = re.compile(rf"!?{_LABEL}({_TARGET})")
_WORD_TARGET = re.compile(r"\([\w ,+*'-]*\)$")
_WIKILINK = re.compile(r"!?\[\[([^\[\]\n|]+)(?:\|([^\[\]\n]*))?\]\]")
_NUMBER = re.compile(r"[\d\s,;–-]+$")
_PICTURE_SIZE = re.compile(r"\d+(?:x\d+)?$")
_BY_REFERENCE = re.compile(rf"!{_LABEL}\[[^\[\]]*+\]|{_LABEL}\[(?:[^\W\d][\w -]{{2,}})?\]")
"""`a[i][j]` is none."""
_PICTURE = re.compile(rf"!{_LABEL}")
_DEFINITION = re.compile(
    r"^([ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)\[(?!\^)([^\[\]]+)\]:"
    r"([ \t]*\n?[ \t>]*\S+(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*$)?",
    re.MULTILINE,
)
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        (r"<!--.*?-->", ""),
        (r"<(script|style)\b[^>]*+>.*?</\1[^>]*+>", ""),
        (r"<([a-z][a-z0-9+.-]{1,31}:[^<>\s]*+)>", r"\1"),
        (r"<([\w.+-]+@[\w.-]+)>", r"\1"),
        (r"<br\s*/?>", " "),
        (r"<sup>", "^"),  # 10<sup>-3</sup> must not become 10-3
        (r"<sub>", "_"),
        (rf"(?<=[ \t]){_TAG}[ \t]|{_TAG}", ""),
        (r"(?m:^)([ \t>]*)\[\^[^\[\]\s]{1,60}\]:[ \t]*", r"\1"),  # a footnote, and its marks
        (r"\[\^[^\[\]\s]{1,60}\]|\(\^\d{1,3}\)", ""),
    )
)
_SCHEME = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,30})?\\?:\\?/\\?/+|\b(?:mailto|xmpp):(?=\S)", re.IGNORECASE
)
_WWW = re.compile(r"\bwww\\?\.(?=\w)", re.IGNORECASE)
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_STARTS = (
    (_TAG_START, "< "),
    (re.compile(r"\]\("), "] ("),
    (re.compile(r"!\["), "! ["),
    (re.compile(r"\]:"), "] :"),
)


def make_inert(text: str) -> str:
    """Take everything out of Markdown that loads, links or is HTML.

    `[1]` marks, emphasis, lists, tables, code and formulas stay; code loses addresses too.
    """
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        if match["fence"] is None and match["tick"] is None and _RISKY_FORMULA.search(match[0]):
            return match[0]  # what a reader without formulas would take for a link or a tag
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    text = _KEPT.sub(keep, text.replace("\0", ""))
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    for _ in range(MOST_ROUNDS):
        before = text
        text = _WIKILINK.sub(_name_note, text)
        text = _BY_REFERENCE.sub(_name_reference, _LINK.sub(_name_link, text))
        if text == before:
            break
    text = _PICTURE.sub(_name_picture, text)
    text = _DEFINITION.sub(_drop_definition, text)
    text = _TAG_START.sub("< ", text)
    text = _PLACE.sub(lambda match: kept[int(match[1])], text)
    text = _drop_schemes(text)
    return _take_apart(text) if is_alive(text) else text


def make_name_inert(name: str) -> str:
    """Make a path or a heading one line that is neither image, link nor HTML, but still itself."""
    return _take_apart(" ".join(name.split()))


def is_alive(text: str) -> bool:
    """Say whether a reader of Markdown finds an image, a link or HTML."""
    return any(
        token.type in _ALIVE
        for block in _READER.parse(text)
        for token in (block, *(block.children or ()))
    )


def _drop_schemes(text: str) -> str:
    # What is left may be an address again: `httphttp://://`.
    while (changed := _WWW.sub("", _SCHEME.sub("", text))) != text:
        text = changed
    return text


def _take_apart(text: str) -> str:
    for pattern, replacement in _STARTS:
        text = pattern.sub(replacement, text)
    return text


def _name_link(match: re.Match[str]) -> str:
    label, target = match[1], match[2]
    if not match[0].startswith("!") and _WORD_TARGET.match(target):
        return f"[{label}] {target}"  # f[x](y)
    return f"[{label}]" if label.strip() and _NUMBER.match(label) else label


def _name_note(match: re.Match[str]) -> str:
    target, alias = match[1].strip(), (match[2] or "").strip()
    if _NUMBER.match(target) and not match[0].startswith("!"):
        return f"[{target}]"  # a mark, as some models write it
    if alias and not _PICTURE_SIZE.match(alias):
        return alias
    parts = (part.strip() for part in target.split("#"))
    return " › ".join(part for part in parts if part and not part.startswith("^"))


def _name_reference(match: re.Match[str]) -> str:
    label = match[1] if match[1] is not None else match[2]
    return match[0] if _NUMBER.match(label) else label


def _name_picture(match: re.Match[str]) -> str:
    return f"! [{match[1]}]" if _NUMBER.match(match[1]) else match[1]  # "Yes![1]"


def _drop_definition(match: re.Match[str]) -> str:
    before, name, target = match[1], match[2], match[3]
    if _NUMBER.match(name):
        return f"{before}[{name}]{target or ''}"  # a mark with a colon
    if target and any(sign in target for sign in "/.:"):
        return ""
    return f"{before}[{name}] :{target or ''}"
