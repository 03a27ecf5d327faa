"""Random templates: expressions of all kinds, and tags with white space around them."""

WORDS = ["'ab'", "'Hello World'", "''", "' x\\t'", "'a-b_c d'", "'\U0001f642ab'", "'é\\u0301Z'", "'<b>&\"\\''", "'k=v=w'", "'1'", "'3.7'", "' 42 '", "'0x1f'", "'1_000'",
         "'line one\\nline two\\n\\nthree'", "'ÀÉßſŒ'", "'ΑΣ ΟΔΟΣ'", "'a,b,,c'", "'%s and %d'", "'{} {0}'", "'{}-{}'", "'ǆ ŉ ﬁ'", "'٣'", "'\\x1c y\\x85'", "s", "t", "u", "messages[0].content", "empty"]
NUMBERS = ["0", "1", "-1", "2", "3", "7", "10", "-3", "1000000", "123456789012345678901234567890", "2**70", "n", "m"]
FLOATS = ["0.5", "2.5", "-0.1", "1e16", "1e-5", "3.0", "1e300", "1.5e-7", "42.55", "f", "0.1"]
LISTS = ["[1, 2, 3]", "[]", "['b', 'a', 'C']", "[3, 1, 2]", "xs", "(1, 2)", "('x',)", "()", "[[1, 2], [3]]", "range(5)", "range(1, 10, 3)", "[1, 1.0, true, 'a']", "words", "users", "messages", "[none, 0, '']", "xs[1:]"]
DICTS = ["{'a': 1, 'b': 2}", "{}", "d", "{'x': [1], 'Y': {'z': none}}", "user", "{1: 'one', 2.5: 'f', none: 0, true: 'T'}", "dict(p=1, q='r')", "messages[0]", "tools[0]"]
ANY = ["true", "false", "none", "nope", "user.nope", "d.a", "d['b']", "xs[0]", "xs[-1]", "users[0].name", "tools.0.function.name"]


class Gen:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, options):
        return self.rng.choice(options)

    def any(self, depth):
        return self.pick([self.text, self.number, self.items, self.mapping, self.truth, lambda d: self.pick(ANY)])(depth)

    def atom(self):
        return self.pick([self.pick(WORDS), self.pick(NUMBERS), self.pick(FLOATS), self.pick(LISTS), self.pick(DICTS), self.pick(ANY)])

    def small(self):
        return self.pick(["0", "1", "2", "3", "-1", "5", "8"])

    def text(self, depth):
        if depth <= 0 or self.rng.random() < 0.25:
            return self.pick(WORDS)
        t = lambda: self.text(depth - 1)
        a = lambda: self.any(depth - 1)
        return self.pick([
            lambda: f"({t()} ~ {a()})", lambda: f"({t()} + {t()})", lambda: f"({t()} * {self.small()})",
            lambda: f"{t()}[{self.small()}]", lambda: f"{t()}[{self.small()}:{self.small()}]", lambda: f"{t()}[::-1]", lambda: f"{t()}[{self.small()}:]", lambda: f"{t()}[::{self.pick(['2', '-2', '3'])}]",
            lambda: f"{t()}.{self.pick(['upper', 'lower', 'title', 'capitalize', 'swapcase', 'casefold', 'strip', 'lstrip', 'rstrip'])}()",
            lambda: f"{t()}.{self.pick(['strip', 'lstrip', 'rstrip'])}({self.pick(WORDS)})",
            lambda: f"{t()}.replace({self.pick(WORDS)}, {self.pick(WORDS)})", lambda: f"{t()}.replace({self.pick(WORDS)}, {self.pick(WORDS)}, {self.small()})",
            lambda: f"{t()}.{self.pick(['center', 'ljust', 'rjust', 'zfill'])}({self.pick(['4', '9', '12'])})", lambda: f"{t()}.{self.pick(['center', 'ljust', 'rjust'])}(9, '*')",
            lambda: f"{t()}.join({self.pick(['words', 't', '[s, t]', 'xs'])})", lambda: f"{t()}.expandtabs({self.small()})", lambda: f"{t()}.removeprefix({self.pick(WORDS)})",
            lambda: f"{t()}.format({a()}, {a()})", lambda: f"'{self.fmt()}'.format({self.pick([self.number, self.text])(0)})", lambda: f"'{self.percent()}' % {self.pick([self.number, self.text])(0)}",
            lambda: f"'{self.percent()}'|format({self.pick([self.number, self.text])(0)})", lambda: f"({t()} % ({a()},))",
            lambda: f"({t()})|{self.pick(['upper', 'lower', 'title', 'capitalize', 'trim', 'e', 'escape', 'forceescape', 'string', 'urlencode', 'striptags', 'reverse', 'indent', 'center(14)', 'safe', 'wordwrap(6)'])}",
            lambda: f"""({a()})|string""", lambda: f"""({a()})|tojson""", lambda: f"""({a()})|tojson(indent={self.pick(['1', '2', 'none', '0'])})""", lambda: f"""({a()})|tojson({self.pick(['true', 'ensure_ascii=true', 'sort_keys=true', "separators=(',', ':')"])})""",
            lambda: f"""({t()})|trim({self.pick(WORDS)})""", lambda: f"""({t()})|replace({self.pick(WORDS)}, {a()})""", lambda: f"""({t()})|truncate({self.pick(['5', '8', '3'])}, {self.pick(['true', 'false'])}, {self.pick(["'...'", "''"])}, {self.pick(['0', '2'])})""",
            lambda: f"""({t()})|indent({self.pick(['2', 'width=3', '2, true', '1, blank=true', "'> '", 'first=true'])})""", lambda: f"""({t()})|wordwrap({self.pick(['3', '7', '10, false', '5, break_on_hyphens=false', "width=4, wrapstring='|'"])})""",
            lambda: f"""({self.items(depth - 1)})|join({self.pick(['', "','", "d='-'", "'/', attribute='name'"])})""", lambda: f"""({a()})|pprint""", lambda: f"""({self.number(depth - 1)})|filesizeformat{self.pick(['', '(true)'])}""",
            lambda: f"({self.mapping(depth - 1)})|xmlattr", lambda: f"({self.mapping(depth - 1)})|urlencode", lambda: f"({t()})|urlize",
            lambda: f"({a()})|default({a()}{self.pick(['', ', true', ', boolean=true'])})",
        ])()

    def fmt(self):
        return "{:" + self.pick(["", "", ">", "<", "^", "*^", "=", "0="]) + self.pick(["", "", "+", " ", "-"]) + self.pick(["", "", "#"]) + self.pick(["", "0", "8", "012"]) + self.pick(["", "", ",", "_"]) + self.pick(["", "", ".3", ".0", ".1"]) + self.pick(["", "", "d", "f", "e", "g", "x", "s", "%", "b", "o", "X", "E", "G", "c", "n"]) + "}"

    def percent(self):
        return "%" + self.pick(["", "", "-", "+", "0", " ", "#", "-#"]) + self.pick(["", "", "8", "12"]) + self.pick(["", "", ".3", ".0"]) + self.pick(list("sdfegxXoricGEa%"))

    def number(self, depth):
        if depth <= 0 or self.rng.random() < 0.25:
            return self.pick(self.pick([NUMBERS, FLOATS]))
        n = lambda: self.number(depth - 1)
        return self.pick([
            lambda: f"({n()} {self.pick(['+', '-', '*', '/', '//', '%'])} {n()})", lambda: f"({n()} ** {self.small()})", lambda: f"(-{n()})", lambda: f"({n()})|abs",
            lambda: f"({self.any(depth - 1)})|int", lambda: f"({self.text(depth - 1)})|int({self.small()})", lambda: f"({self.text(0)})|int(base={self.pick(['16', '2', '8', '0', '36'])})", lambda: f"({self.any(depth - 1)})|float",
            lambda: f"""({n()})|round{self.pick(['', '(1)', '(2)', '(-1)', "(1, 'floor')", "(0, 'ceil')", '(precision=3)', "(method='ceil')"])}""",
            lambda: f"({self.pick([self.text, self.items, self.mapping])(depth - 1)})|{self.pick(['length', 'count'])}", lambda: f"({self.text(depth - 1)})|wordcount",
            lambda: f"({self.items(depth - 1)})|{self.pick(['sum', 'min', 'max', 'first', 'last', 'sum(start=2)'])}",
            lambda: f"{self.text(depth - 1)}.{self.pick(['find', 'rfind', 'count', 'index'])}({self.pick(WORDS)})", lambda: f"{self.text(depth - 1)}.{self.pick(['find', 'count'])}({self.pick(WORDS)}, {self.small()}, {self.small()})",
            lambda: f"{self.items(0)}.{self.pick(['count', 'index'])}({self.atom()})",
        ])()

    def truth(self, depth):
        if depth <= 0:
            return self.pick(["true", "false", "none", "nope"])
        a = lambda: self.any(depth - 1)
        return self.pick([
            lambda: f"({a()} {self.pick(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in'])} {a()})", lambda: f"({self.number(depth - 1)} {self.pick(['<', '<=', '==', '>'])} {self.number(depth - 1)} {self.pick(['<', '!=', '>='])} {self.number(depth - 1)})",
            lambda: f"({self.text(depth - 1)} {self.pick(['==', '<', '>', 'in', '>='])} {self.text(depth - 1)})", lambda: f"({a()} {self.pick(['and', 'or'])} {a()})", lambda: f"(not {a()})",
            lambda: f"""({a()} is {self.pick(['', 'not '])}{self.pick(['defined', 'undefined', 'none', 'boolean', 'true', 'false', 'integer', 'float', 'number', 'string', 'mapping', 'sequence', 'iterable', 'callable', 'lower', 'upper', 'odd', 'even', 'escaped', 'divisibleby 3', 'divisibleby(2)', 'eq 1', 'gt(1)', "in [1, 'a']", 'sameas none', 'lessthan 5', 'ne none', "equalto 'ab'", 'filter', 'test'])})""",
            lambda: f"{self.text(depth - 1)}.{self.pick(['isdigit', 'isalpha', 'isalnum', 'isspace', 'isupper', 'islower', 'istitle', 'isnumeric', 'isdecimal', 'isidentifier', 'isascii', 'isprintable'])}()",
            lambda: f"""{self.text(depth - 1)}.{self.pick(['startswith', 'endswith'])}({self.pick(WORDS + ["('a', 'b')"])})""",
        ])()

    def items(self, depth):
        if depth <= 0 or self.rng.random() < 0.3:
            return self.pick(LISTS)
        i = lambda: self.items(depth - 1)
        a = lambda: self.any(depth - 1)
        return self.pick([
            lambda: f"[{a()}, {a()}]", lambda: f"({a()}, {a()})", lambda: f"({i()} + {i()})", lambda: f"({i()} * {self.small()})", lambda: f"{i()}[{self.small()}:]", lambda: f"{i()}[::{self.pick(['-1', '2', '-2'])}]",
            lambda: f"""{self.text(depth - 1)}.{self.pick(['split', 'rsplit', 'splitlines'])}()""", lambda: f"""{self.text(depth - 1)}.{self.pick(['split', 'rsplit'])}({self.pick(["','", "'='", "'a'", 'none, 1', 'maxsplit=1', "'=', maxsplit=1", "sep=' '"])})""",
            lambda: f"""{self.text(depth - 1)}.{self.pick(['partition', 'rpartition'])}({self.pick(WORDS)})""", lambda: f"""({self.text(depth - 1)})|list""", lambda: f"""({i()})|{self.pick(['list', 'sort', 'reverse|list', 'unique|list', 'sort(reverse=true)', 'sort(case_sensitive=true)', "sort(attribute='name')", 'batch(2)|list', "batch(2, '-')|list", 'slice(2)|list', 'slice(3, fill_with=0)|list', 'select|list', 'reject|list'])}""",
            lambda: f"""({i()})|map('{self.pick(['string', 'upper', 'int', 'length', 'tojson', 'abs', 'title', 'list', 'first', 'trim'])}')|list""", lambda: f"""({i()})|{self.pick(['select', 'reject'])}({self.pick(["'odd'", "'string'", "'eq', 1", "'in', [1, 2]", "'defined'", "'number'", "'gt', 1"])})|list""",
            lambda: f"""users|{self.pick(['selectattr', 'rejectattr'])}({self.pick(["'name'", "'age', 'gt', 30", "'name', 'equalto', 'Bo'", "'nope'", "'tags', 'defined'"])})|map(attribute='name')|list""",
            lambda: f"""users|map(attribute='{self.pick(['name', 'age', 'tags.0', 'nope', 'tags'])}'{self.pick(['', ", default='-'"])})|list""", lambda: f"""users|groupby('{self.pick(['name', 'city', 'age'])}'{self.pick(['', ', case_sensitive=true', ", default='?'"])})""",
            lambda: f"""({self.mapping(depth - 1)})|{self.pick(['dictsort', 'items|list', 'list', 'dictsort(reverse=true)', "dictsort(by='value')", 'dictsort(true)'])}""", lambda: f"""({self.mapping(depth - 1)}).{self.pick(['items', 'keys', 'values'])}(){self.pick(['', '|list'])}""",
            lambda: f"({i()} if {self.truth(depth - 1)} else {i()})",
        ])()

    def mapping(self, depth):
        if depth <= 0 or self.rng.random() < 0.4:
            return self.pick(DICTS)
        a = lambda: self.any(depth - 1)
        return self.pick([lambda: "{" + f"""'k': {a()}, {self.pick(['1', "'z'", 'true', '(1, 2)', 'none', '1.0'])}: {a()}""" + "}", lambda: f"""dict({self.mapping(depth - 1)}, w={a()})""", lambda: f"""dict([('a', {a()}), ('b', {a()})])""", lambda: f"""({self.mapping(depth - 1)}).copy()"""])()


def expression(rng):
    return "{{ " + Gen(rng).any(rng.choice([1, 1, 2, 2, 3])) + " }}"


def whitespace(rng):
    space = lambda: rng.choice(["", "", " ", "  ", "\n", "\n\n", " \n", "\n  ", "\t", "\r\n", "\r", "\x0b", "x", "a b", " y ", "\n z\n", "\u00a0", "\x1c", "é", "{", "}", "%", "#"])
    sign = lambda plus=True: rng.choice(["", "", "", "-", "+" if plus else ""])
    body = lambda d: "".join(rng.choice([space, space, lambda: tag(d - 1)])() for _ in range(rng.randint(1, 4)))

    def block(start, inner, end):
        return "{%" + sign() + " " + start + " " + sign() + "%}" + inner + "{%" + sign() + rng.choice(["", " ", "\n"]) + end + " " + sign() + "%}"

    def tag(d):
        kinds = [lambda: "{{" + sign() + " " + rng.choice(["1", "'q'", "s", "{'a': 1}.a", "'}}'", "' '", "'\n'"]) + " " + sign(False) + "}}",
                 lambda: "{#" + sign() + rng.choice(["", " c ", "\n", " {{ x }} ", "-", "%}"]) + sign() + "#}",
                 lambda: "{%" + sign() + " set v = 1 " + sign() + "%}"]
        if d > 0:
            kinds += [lambda: block("if true", body(d), "endif"), lambda: block("for i in [1, 2]", body(d), "endfor"), lambda: block("raw", rng.choice([space(), "{{ x }}", " {% if %} ", "{# #}\n"]) + space(), "endraw"),
                      lambda: block("if false", body(d) + "{%" + sign() + " else " + sign() + "%}" + body(d), "endif"), lambda: block("generation", body(d), "endgeneration"), lambda: block("filter upper", body(d), "endfilter"),
                      lambda: block("set w", body(d), "endset") + "{{ w }}"]
        return rng.choice(kinds)()

    return "".join(rng.choice([space, lambda: tag(2)])() for _ in range(rng.randint(2, 6)))
