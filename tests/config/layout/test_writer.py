"""What the canonical layout looks like: a text, and the same text laid out."""

from __future__ import annotations

import pytest

from sluicegate.config.layout.writer import layout

PAIRS = {
    "two blanks a level": (
        "endpoints:\n     GET /a:\n          route: x\n          examples:\n             /a: y\n",
        "endpoints:\n  GET /a:\n    route: x\n    examples:\n      /a: y\n",
    ),
    "a text that is indented as a whole": ("  host: a\n  origin: b\n", "host: a\norigin: b\n"),
    "lists stand below their key": ("host:\n- a\n-   b\norigin: c\n", "host:\n  - a\n  - b\norigin: c\n"),
    "lists of mappings and of lists": (
        "a:\n-   b: 1\n    c: 2\n-   - d\n    - e\n",
        "a:\n  - b: 1\n    c: 2\n  - - d\n    - e\n",
    ),
    "targets in a column, keys in their order": (
        "endpoints:\n  PUT /long/{x}:  b:/1\n  GET /a: 'b:/2'\n  ? GET /q\n  : b:/3\n",
        "endpoints:\n  PUT /long/{x}: b:/1\n  GET /a:        'b:/2'\n  ? GET /q\n  : b:/3\n",
    ),
    "an empty line begins another column": (
        "endpoints:\n  GET /long/{x}: a\n  GET /b: b\n\n  GET /c: c\n  DELETE /c: d\n",
        "endpoints:\n  GET /long/{x}: a\n  GET /b:        b\n\n  GET /c:    c\n  DELETE /c: d\n",
    ),
    "a comment between the lines of a table does not part it": (
        "endpoints:\n  GET /long/{x}: a\n  # why\n  GET /b: b\n",
        "endpoints:\n  GET /long/{x}: a\n  # why\n  GET /b:        b\n",
    ),
    "other mappings have no column": (
        "services:\n  a:   http://h\n  longer: http://g\n",
        "services:\n  a: http://h\n  longer: http://g\n",
    ),
    "keys in quotes and keys with anchors are lines of the table": (
        "endpoints:\n  'GET /a': &x a\n  &k GET /b/{c}: *x\n  GET /d: b\n",
        "endpoints:\n  'GET /a':      &x a\n  &k GET /b/{c}: *x\n  GET /d:        b\n",
    ),
    "wide characters take two columns": (
        "endpoints:\n  GET /旅: a\n  GET /abc: b\n",
        "endpoints:\n  GET /旅:  a\n  GET /abc: b\n",
    ),
    "at most one empty line, none at the ends": ("\n\na: 1\n\n  \n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
    "one line end at the end": ("a: 1", "a: 1\n"),
    "line ends": ("a: 1 # x\r\n\r\nb: 2\rc: 3\r\n", "a: 1  # x\n\nb: 2\nc: 3\n"),
    "blanks at line ends go": ("a: 1  \nb:\t2\t\nc:  \n  d: 3 \n", "a: 1\nb: 2\nc:\n  d: 3\n"),
    "blanks in a comment stay": ("a: 1 #  x \t\n#y  \n", "a: 1  #  x \t\n#y  \n"),
    "comments behind neighbouring lines share a column": (
        "a: 1 # x\nbcd: 234 # y\n",
        "a: 1      # x\nbcd: 234  # y\n",
    ),
    "comments on their own lines go with what follows": (
        "    # head\na:\n# one\n    b: 1\n       # two\n    c: 2\n",
        "# head\na:\n  # one\n  b: 1\n  # two\n  c: 2\n",
    ),
    "a comment at the end of a block stays in it where it is as deep": (
        "a:\n    b:\n        c: 1\n        # in b\n    # in a\n# outside\nd: 2\n",
        "a:\n  b:\n    c: 1\n    # in b\n  # in a\n# outside\nd: 2\n",
    ),
    "a comment is all that stands below a key": (
        "endpoints:\n    # nothing yet\norigin: a\n",
        "endpoints:\n  # nothing yet\norigin: a\n",
    ),
    "nothing but comments": ("\n   # a\n\n\n# b", "# a\n\n# b\n"),
    "nothing": ("\n\n", ""),
    "the marks of a document": ("---\na: 1\n...\n", "---\na: 1\n...\n"),
    "quotes and escapes stay": (
        "a:   'it''s'\nb:  \"\\u00e9\\t#\"\nc: 010\nd:  ~\n",
        "a: 'it''s'\nb: \"\\u00e9\\t#\"\nc: 010\nd: ~\n",
    ),
    "brackets keep their blanks and lines": (
        "a:\n    b:   {x: [1,2,  3],\n        # in it\n         y: 2 }\n",
        "a:\n  b: {x: [1,2,  3],\n      # in it\n       y: 2 }\n",
    ),
    "anchors, aliases and merge keys": (
        "x-a:   &a\n    t: 5s\nb:\n    <<:   *a\nc: &b    [*a]\n",
        "x-a: &a\n  t: 5s\nb:\n  <<: *a\nc: &b [*a]\n",
    ),
    "block scalars move as a whole": (
        "a:\n    b: |   # c\n        one\n          two  \n\n        # no comment\n    d: >-\n      e\n",
        "a:\n  b: |  # c\n    one\n      two  \n\n    # no comment\n  d: >-\n    e\n",
    ),
    "the indentation that a block scalar's header gives": ("a: |4-\n      one\n    two\n", "a: |2-\n    one\n  two\n"),
    "a block scalar that keeps its last lines": ("a: |+\n   x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"),
    "empty lines behind a block scalar": ("a: |\n   x\n\n\nb: 1\n", "a: |\n  x\n\nb: 1\n"),
    "a block scalar that the end of the file cuts": ("a: |\n    x", "a: |-\n  x\n"),
    "texts of several lines are not joined": (
        "a:   one\n         two  \n\n         three\nb: 'x\n  y'\n",
        "a: one\n  two\n\n  three\nb: 'x\n  y'\n",
    ),
    "a blank behind a backslash is text": ('a: "x \\ \n     y\\\n     z"\n', 'a: "x \\ \n  y\\\n  z"\n'),
    "line ends that editors do not know stay": ('a:   "x\u2028  y"\nb: 1\n', 'a: "x\u2028  y"\nb: 1\n'),
    "a key without a value at the very end": ("endpoints:\n    GET /a: ", "endpoints:\n  GET /a:\n"),
    "a blank before a colon goes": ("a : 1\n'b' :\n  c: 2\n", "a: 1\n'b':\n  c: 2\n"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_text_is_laid_out(name: str) -> None:
    text, expected = PAIRS[name]
    assert layout(text) == expected


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_laid_out_stays(name: str) -> None:
    _, expected = PAIRS[name]
    assert layout(expected) == expected
