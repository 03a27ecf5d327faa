"""What Jinja2 itself makes of templates, stored for tests that then need no Python.

Run with Debian's python3-jinja2 (3.1), which is set up here as transformers sets it up:

    /usr/bin/python3 tests/jinja/make_answers.py

It writes tests/Jigsaw.Runtime.Tests/Data/jinja: syntax.json (the table of syntax.py), expressions.json.gz and whitespace.json.gz (random, seeded).
An answer is the text, or null where Jinja2 raises an error.
"""
import gzip
import json
import os
import random
import re
import sys

sys.dont_write_bytecode = True

import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import expressions
import syntax

OUT = os.path.join(HERE, "..", "Jigsaw.Runtime.Tests", "Data", "jinja")


class Generation(jinja2.ext.Extension):
    """transformers' tag: its body is written as it is."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_write"), [], [], body).set_lineno(line)

    def _write(self, caller):
        return caller()


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols, jinja2.ext.do])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda f: __import__("datetime").datetime(2024, 7, 6, 9, 5, 3).strftime(f)
    return env


ENV = environment()
# Slices of numbers are folded by Jinja2's optimizer into something that Python itself refuses.
FOLDED = re.compile(r"(?<![\w.'\])}])\d+\[\S*:")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}|<class |<function|<built-in|<jinja2|<bound method")


def answer(template, variables):
    """The text, None for an error, or False where an object's address or class is in it."""
    try:
        text = ENV.from_string(template).render(**json.loads(variables))
        text.encode("utf-8")
    except RecursionError:
        return False
    except Exception:
        return None
    return False if ADDRESS.search(text) or len(text) > 4000 else text


def write(name, value):
    path = os.path.join(OUT, name)
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    if name.endswith(".gz"):
        with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as file:
            file.write(text.encode())
    else:
        with open(path, "w") as file:
            file.write(json.dumps(value, ensure_ascii=True, indent=0) + "\n")


def main():
    os.makedirs(OUT, exist_ok=True)
    variables = json.dumps(syntax.VARIABLES)
    table = []
    for template in syntax.TEMPLATES:
        text = answer(template, variables)
        if text is not False:
            table.append([template, text])
    write("syntax.json", {"variables": syntax.VARIABLES, "cases": table})

    rng = random.Random(17)
    seen, cases = set(), []
    while len(cases) < 10000:
        template = expressions.expression(rng)
        if template in seen or FOLDED.search(template):
            continue
        seen.add(template)
        text = answer(template, variables)
        if text is False or (text is None and rng.random() < 0.6):
            continue
        cases.append([template, text])
    write("expressions.json.gz", cases)

    cases = []
    while len(cases) < 8000:
        template = expressions.whitespace(rng)
        text = answer(template, variables)
        if text is False or (text is None and rng.random() < 0.8):
            continue
        cases.append([template, text])
    write("whitespace.json.gz", cases)


if __name__ == "__main__":
    main()
