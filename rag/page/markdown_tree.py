"""Parse Markdown as students write it, Obsidian's additions included, into a tree for showing.

The tree holds what a reader is to see: comments are gone, wikilinks are their text, callouts have a
title. What may be done with it, and what must not, is `markdown_writer`'s business.
"""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin

DEEPEST = 40
"""Nesting that is followed; lecture notes reach five, and each level costs the browser a frame."""

_WIKILINK = re.compile(r"(!?)\[\[([^\[\]\n]+)\]\]")
_UNRESOLVED_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\[[^\[\]\n]*\]")
_ALIAS = re.compile(r"\\?\|")
_PICTURE_SIZE = re.compile(r"\d+(?:x\d+)?$")
_CALLOUT = re.compile(r"\[!([\w-]+)\][-+]?[ \t]*([^\n]*)(?:\n|$)")
_TASK = re.compile(r"\[([ xX/-])\][ \t]+")
_BLOCK_ID = re.compile(r"(?:^|[ \t])\^[\w-]+[ \t]*$")
_COMMENTS = (("%%", "%%"), ("<!--", "-->"))


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Read every link as a link: what must not be followed is taken off when it is written."""
        del url
        return True


def parse_markdown(text: str) -> SyntaxTreeNode:
    """Parse text into a tree. No text makes it fail; one that nests too deep becomes plain text."""
    tokens = _PARSER.parse(text)
    if _depth(tokens) > DEEPEST:
        tokens = _as_plain_text(text)
    return SyntaxTreeNode(tokens)


def _depth(tokens: Sequence[Token]) -> int:
    """Count levels: emphasis nests without end, whatever `maxNesting` says."""
    deepest = level = 0
    for token in tokens:
        level += token.nesting
        inside = _depth(token.children) if token.children else 0
        deepest = max(deepest, level + inside)
    return deepest


def _as_plain_text(text: str) -> list[Token]:
    children: list[Token] = []
    for line in text.split("\n"):
        children += [Token("text", "", 0, content=line), Token("softbreak", "br", 0)]
    return [
        Token("paragraph_open", "p", 1),
        Token("inline", "", 0, children=children[:-1]),
        Token("paragraph_close", "p", -1),
    ]


def _read_wikilink(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    match = _WIKILINK.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        target, *alias = _ALIAS.split(match[2], maxsplit=1)
        text = alias[0].strip() if alias else ""
        if not text or (match[1] and _PICTURE_SIZE.match(text)):
            # `Note#Heading#^id`: the block's id says nothing to a reader.
            parts = [part.strip() for part in target.split("#")]
            text = " › ".join(part for part in parts if part and not part.startswith("^"))
        _push(state, "picture" if match[1] else "wikilink", text or target)
    state.pos = match.end()
    return True


def _read_unresolved_image(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Read `![text][name]` whose name is defined in another part of the note, if anywhere."""
    match = _UNRESOLVED_IMAGE.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        _push(state, "picture", match[1].strip())
    state.pos = match.end()
    return True


def _read_comment(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    del silent
    if not state.src.startswith("%%", state.pos):
        return False
    end = state.src.find("%%", state.pos + 2, state.posMax)
    if end < 0:
        return False
    state.pos = end + 2
    return True


def _read_highlight(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    start = state.pos + 2
    if not state.src.startswith("==", state.pos) or state.src[start : start + 1] in " \t\n=":
        return False
    end = state.src.find("==", start, state.posMax)
    if end <= start or state.src[end - 1].isspace():
        return False
    if not silent:
        state.push("highlight_open", "mark", 1).markup = "=="
        limit = state.posMax
        state.pos, state.posMax = start, end
        state.md.inline.tokenize(state)
        state.posMax = limit
        state.push("highlight_close", "mark", -1).markup = "=="
    state.pos = end + 2
    return True


def _push(state: StateInline, kind: str, content: str) -> None:
    state.push(kind, "", 0).content = content


def _skip_comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Leave out a comment that stands on lines of its own, blank ones included.

    One without an end is shown: it may belong to text that this passage was cut from.
    """
    first = _line(state, start)
    for opening, closing in _COMMENTS:
        if not first.startswith(opening) or closing not in state.src[state.bMarks[start] + 2 :]:
            continue
        for number in range(start, end):
            line = first[len(opening) :] if number == start else _line(state, number)
            place = line.find(closing)
            if place < 0:
                continue
            if line[place + len(closing) :].strip():
                return False  # text follows on the same line: the inline rules take it
            if not silent:
                state.line = number + 1
            return True
    return False


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _prepare(state: StateCore) -> None:
    """Before inline parsing: take off block ids, draw task boxes, split callouts from titles."""
    tokens: list[Token] = []
    for token in state.tokens:
        tokens.append(token)
        if token.type != "inline":
            continue
        token.content = _BLOCK_ID.sub("", token.content)
        above = tokens[-3].type if len(tokens) > 2 else ""  # noqa: PLR2004 -- X, paragraph, this
        if above == "list_item_open" and (task := _TASK.match(token.content)):
            box = "☐" if task[1] == " " else "☑"
            token.content = f"{box} {token.content[task.end() :]}"
        elif above == "blockquote_open" and (callout := _CALLOUT.match(token.content)):
            paragraph = tokens[-2]
            title = Token("inline", "", 0, map=token.map, children=[])
            title.content = callout[2].strip() or callout[1].replace("-", " ").capitalize()
            token.content = token.content[callout.end() :]
            tokens[-2:] = [
                Token("callout_title_open", "p", 1, map=token.map),
                title,
                Token("callout_title_close", "p", -1),
                paragraph,
                token,
            ]
    state.tokens = tokens


def _make_parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"maxNesting": DEEPEST})
    parser.enable(["table", "strikethrough"])
    # `html_block` would swallow what stands behind a `<br>`. `code`: a passage may begin at a
    # nested bullet, whose indentation would make it code; students fence theirs.
    parser.disable(["html_block", "code"])
    # As in Obsidian, `$ 5 and 6 $` is money. (`allow_digits` would look at the wrong character.)
    parser.use(dollarmath_plugin, allow_space=False, double_inline=True)
    parser.core.ruler.before("inline", "prepare", _prepare)
    parser.block.ruler.before(
        "paragraph", "comment", _skip_comment, {"alt": ["paragraph", "blockquote", "list"]}
    )
    parser.inline.ruler.before("link", "wikilink", _read_wikilink)
    parser.inline.ruler.after("image", "unresolved_image", _read_unresolved_image)
    parser.inline.ruler.before("link", "comment", _read_comment)
    parser.inline.ruler.before("link", "highlight", _read_highlight)
    return parser


_PARSER = _make_parser()
