"""The canonical layout of route files, given only where a text means the same in it.

Indentation is two blanks a level, lists stand below their key; targets and comments stand in columns (`columns`);
at most one empty line in a row and none at the ends; LF; one line end at the end. Order, quotes, brackets and line
breaks stay the author's.
"""

from __future__ import annotations

import codecs

from ..diagnostics import Findings, Mark
from ..documents import read_document
from .proof import first_change
from .tokens import StrayTextError
from .writer import layout

_BYTE_ORDER_MARK = "\ufeff"


def laid_out(content: bytes, findings: Findings) -> bytes | None:
    """Return a route file's content in canonical layout, or None: it is no YAML, and findings say why.

    What is returned was proven (`proof`) to hold the same keys and values, comments and anchors in the same order, and
    to stay as it is when it is laid out again. Where that fails, a finding `layout` names the line, and the file is to
    be left as it is.
    """
    before = read_document(content, findings)
    if findings.found:
        return None
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    try:
        new = layout(text)
        changed = first_change(text, before, new) if new != text else None
    except StrayTextError as error:
        changed = Mark(text.count("\n", 0, error.index) + 1, 1)
    if changed:
        message = "the canonical layout would change what this line says: the file is left as it is"
        findings.error(changed, "layout", message)
        return None
    return new.encode()
