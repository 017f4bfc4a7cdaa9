"""Files that want too much, by what they try; shared by the tests of them."""

API = "api: ophyd_decl/v1\n"
HEADER = f"{API}kind: beamline\nname: hostile\n"
TYPES = f"{API}kind: types\nnamespace: hostile\ntypes:\n"
FRAGMENT = f"{API}kind: fragment\n"


def expression(text: str) -> str:
    return f'{HEADER}vars:\n  value: "${{{{ {text} }}}}"\ndevices: {{}}\n'


def formula(text: str) -> str:
    signals = "    signals: {s: {pv: S, dtype: float}}\n"
    return f"{TYPES}  t:\n{signals}    derived:\n      d: {{dtype: float, inputs: {{a: s}}, get: {text}}}\n"


def alias_bomb(levels: int) -> str:
    lines = ["x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, levels):
        lines.append(f"x-{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    return f"{HEADER}{chr(10).join(lines)}\ndevices: {{}}\n"


def merge_bomb(levels: int) -> str:
    lines = ["x-0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(9)) + "}"]
    for level in range(1, levels):
        keys = ", ".join(f"k{level}_{n}: *a{level - 1}" for n in range(9))
        lines.append(f"x-{level}: &a{level} {{<<: *a{level - 1}, {keys}}}")
    return f"{HEADER}{chr(10).join(lines)}\ndevices: {{}}\n"


def variables(count: int, body: str) -> str:
    """Return a beamline with variables `v0 v1 …`; `{n}` and `{m}` in the body are the number and the one before it."""
    lines = [f'  v{n}: "{body.format(n=n, m=n - 1)}"\n' for n in range(1, count)]
    return f"{HEADER}vars:\n  v0: x\n{''.join(lines)}devices: {{}}\n"


def devices(count: int, body: str) -> str:
    return f"{HEADER}devices:\n" + "".join(f"  d{n}: {body.replace('#', str(n))}\n" for n in range(count))


def types_in_types(levels: int, width: int) -> str:
    text = f"{TYPES}  t0: {{signals: {{s: {{soft: 1, dtype: int}}}}}}\n"
    for level in range(1, levels):
        children = ", ".join(f"c{n}: {{type: hostile.t{level - 1}}}" for n in range(width))
        text += f"  t{level}: {{children: {{{children}}}}}\n"
    return text


def extends_chain(length: int) -> str:
    text = f"{TYPES}  t0: {{signals: {{s: {{soft: 1, dtype: int}}}}}}\n"
    return text + "".join(f"  t{n}: {{extends: [hostile.t{n - 1}]}}\n" for n in range(1, length))


def extends_lattice(levels: int) -> str:
    """Return types of which each extends both of the level below, so that there are 2 ** levels ways down."""
    text = f"{TYPES}  a0: {{}}\n  b0: {{}}\n"
    for level in range(1, levels):
        for name in "ab":
            text += f"  {name}{level}: {{extends: [hostile.a{level - 1}, hostile.b{level - 1}]}}\n"
    return text


def overrides(count: int) -> str:
    paths = ", ".join(f"p{n}.user_setpoint: {{limits: [0, 1]}}" for n in range(count))
    return f"{HEADER}devices:\n  x: {{type: epics.motor, prefix: A, overrides: {{{paths}}}}}\n"


def repeats(over: str, body: str = "type: epics.motor, prefix: A") -> str:
    return f'{HEADER}devices:\n  x: {{repeat: {{var: n, over: {over}, name: "x${{{{ n }}}}"}}, {body}}}\n'


def vector(keys: str) -> str:
    return (
        f"{TYPES}  c:\n    params: {{prefix: {{type: str}}}}\n    signals:\n      v: {{suffix: V, dtype: int}}\n"
        f'  t:\n    vectors:\n      v: {{type: hostile.c, keys: "{keys}", prefix: "P${{{{ key }}}}"}}\n'
    )


#: What is validated as `beamline.yaml`, and the code that is expected; empty: it may be right.
TEXTS: dict[str, tuple[str, str]] = {
    # Texts that are hardly YAML.
    "empty": ("", "E111"),
    "only blanks": ("\n\n   \n", "E111"),
    "only a comment": ("# nothing\n", "E111"),
    "only a byte order mark": ("\ufeff", "E111"),
    "a scalar": ("devices", "E120"),
    "a list": ("[1, 2]", "E120"),
    "a control character": (f"{HEADER}devices: {{}}\x00\n", "E101"),
    "an escaped control character": (f'{HEADER}devices: {{x: {{type: "a\\0b"}}}}\n', "E401"),
    "long line": (f"{HEADER}devices: {{}} # {'x' * 2_000_000}\nx: ]", "E101"),
    "a quote that is never closed": (f'{HEADER}devices: "{"x" * 2_000_000}', "E101"),
    "anchors": (HEADER + "devices: {}\n" + "".join(f"x-{n}: &a{n} {n}\n" for n in range(50_000)), ""),
    "comments": (HEADER + "#\n" * 1_000_000 + "devices: {}\n", ""),
    "documents": (f"{HEADER}devices: {{}}\n" + "---\na: 1\n" * 100_000, "E101"),
    "tags": (f"{HEADER}devices: {{}}\nx-a: [{'!x 1, ' * 50_000}]\n", "E104"),
    # Depth and size.
    "depth 1 000": (f"{HEADER}x-deep: {'[' * 1000}{']' * 1000}\ndevices: {{}}\n", "E105"),
    "depth 100 000": (f"{HEADER}x-deep: {'{a: ' * 100_000}", "E105"),
    "block depth 1 000": (HEADER + "".join(f"{'  ' * depth}x-a:\n" for depth in range(1000)), "E105"),
    "alias bomb": (alias_bomb(12), "E105"),
    "merge bomb": (merge_bomb(12), "E105"),
    "alias in itself": (f"{HEADER}x-a: &a [*a]\ndevices: {{}}\n", "E101"),
    "huge number": (f"{HEADER}devices:\n  x: {{type: epics.motor, prefix: X, timeout: {'9' * 100_000}}}\n", "E121"),
    "huge hexadecimal": (f"{HEADER}liveness: 0x{'f' * 290}\ndevices: {{}}\n", "E121"),
    "infinite": (f"{HEADER}liveness: .inf\ndevices: {{}}\n", "E123"),
    "no number": (f"{HEADER}liveness: .nan\ndevices: {{}}\n", "E123"),
    "long name": (f"{HEADER}devices:\n  ? {'x' * 1_000_000}\n  : {{type: nix}}\n", "E401"),
    "long type": (f"{HEADER}devices: {{x: {{type: {'x' * 1_000_000}}}}}\n", "E401"),
    "long key": (f"{HEADER}devices: {{}}\n? {'x' * 1_000_000}\n: 1\n", "E110"),
    # Expressions.
    "tower of powers": (expression("9**9**9"), "E304"),
    "negative power": (expression("(1/3)**-10**9"), ""),
    "long text": (expression("'a' * 3000000000"), "E304"),
    "long join": (expression("'a' ~ 'b' * 3000000000"), "E304"),
    "wide format": (expression("'%2000000000d' % 1"), "E304"),
    "wide format method": (expression("'{:2000000000d}'.format(1)"), "E304"),
    "long range": (expression("range(10**9)"), "E304"),
    "long sum": (expression("range(10**9)|sum"), "E304"),
    "huge rounding": (expression("1.5|round(10**10)"), ""),
    "huge number from text": (expression(f"'{'9' * 900}'|int"), "E304"),
    "shift": (expression("1 << 10000000000"), "E302"),
    "attribute": (expression("''.__class__.__mro__[1].__subclasses__()"), "E304"),
    "attribute by filter": (expression("''|attr('__class__')"), "E304"),
    "attribute by item": (expression("''['__class__']"), "E304"),
    "globals": (expression("cycler.__init__.__globals__.os.system('touch executed')"), "E304"),
    "statement": (expression("{% for x in range(10**9) %}{% endfor %}"), "E302"),
    "deep brackets": (expression("(" * 450 + "1" + ")" * 450), "E302"),
    "deep negations": (expression("not " * 230 + "1"), "E302"),
    "deep items": (expression("v" + "[0" * 300 + "]" * 300), "E302"),
    "many in one text": (f'{HEADER}name: x\nvars: {{a: 1, b: "{"${{ a + 1 }}" * 50_000}"}}\ndevices: {{}}\n', "E304"),
    "many different": (devices(20_000, '{type: epics.motor, prefix: "A${{ 1 + # }}"}'), "E105"),
    "many long": (devices(2_000, f'{{type: epics.motor, prefix: "${{{{ {"[1]+" * 200}[#] }}}}"}}'), "E105"),
    "many undefined": (devices(20_000, '{type: epics.motor, prefix: "${{ nix# }}"}'), "E301"),
    "many openings": (f'{HEADER}vars: {{a: "{"${{" * 3_000}"}}\ndevices: {{}}\n', "E302"),
    "variables, a chain": (variables(3_000, "${{{{ v{m} }}}}x"), ""),
    "variables, doubling": (variables(3_000, "${{{{ v{m} }}}}${{{{ v{m} }}}}"), "E304"),
    "variables, a list of lists": (variables(40, "${{{{ [v{m}, v{m}] }}}}"), "E304"),
    "variables, a circle": (variables(3_000, "${{{{ v{m} }}}}").replace("v0: x", 'v0: "${{ v2999 }}"'), "E404"),
    "variables, 100 000": (variables(100_000, "x"), ""),
    # Formulas and patterns.
    "long formula": (formula("a" + " + a" * 400), "E310"),
    "tower in a formula": (formula("9**9**9**9"), ""),
    "deep formula": (formula("'" + "(" * 300 + "a" + ")" * 300 + "'"), "E310"),
    "deep signs": (formula("'" + "-" * 900 + "a'"), "E310"),
    "code in a formula": (formula("'__import__(\"os\").system(\"touch executed\")'"), "E310"),
    "text in a formula": (formula("\"'a' * 3000000000\""), ""),
    "regular expression": (f"{TYPES}  t: {{params: {{p: {{type: str, pattern: '(a+)+$'}}}}}}\n", "E124"),
    "wide regular expression": (f"{TYPES}  t: {{params: {{p: {{type: str, pattern: '(a{{9999}}){{9999}}'}}}}}}\n", ""),
    # Tags that run code elsewhere.
    "python tag": (f"{HEADER}x-a: !!python/object/apply:os.system [touch executed]\ndevices: {{}}\n", "E104"),
    "python tag, one": (f"{HEADER}x-a: !!python/name:os.system\ndevices: {{}}\n", "E104"),
    "python tag of a key": (f"{HEADER}devices: {{}}\n!!python/name:os.system a: 1\n", "E110"),
    # Many of something.
    "many mistakes": (devices(20_000, "{tpe: a}"), "E110"),
    "many unknown keys": (devices(10_000, "{type: epics.motor, prefix: A, velocty#: 1}"), "E110"),
    "many unknown types": (devices(20_000, "{type: epics.motor#}"), "E401"),
    "many bad references": (
        devices(5_000, "{type: group, logic: {movable: {use: setpoint, setpoint: {ref: e#}}}}"), "E402"),
    "many devices, one name": (HEADER + "devices:\n" + "  x: {type: epics.motor, prefix: A}\n" * 20_000, "E102"),
    "many names in documents": (devices(10_000, "{type: signal, soft: 1, dtype: int, name: same}"), "E405"),
    "many groups": (devices(3_000, "{type: epics.motor, prefix: A}")
                    + f"groups: {{g: [{', '.join(f'd*{n}*z' for n in range(3_000))}]}}\n", "E402"),
    "a pattern of stars": (
        devices(100, "{type: epics.motor, prefix: A}") + f"groups: {{g: ['{'*a' * 200}']}}\n", "E402"),
    "many labels": (devices(2, f"{{type: epics.motor, prefix: A, labels: [{', '.join('l' * 50_000)}]}}"), ""),
    "many choices": (f"{HEADER}devices: {{x: {{type: signal, soft: a, dtype: enum, access: r,"
                     f" choices: [{', '.join(f'c{n}' for n in range(50_000))}]}}}}\n", "E121"),
    "many items": (vector("${{ range(100000) }}"), ""),
    "types in types": (types_in_types(12, 10), ""),
    "types in types, deep": (types_in_types(1_000, 1), "E105"),
    "types in types, deep and turned": (
        TYPES + "".join(reversed(types_in_types(1_000, 1).removeprefix(TYPES).splitlines(keepends=True))), "E105"),
    "many unquoted": (devices(20_000, "{type: epics.motor, prefix: P:#}"), ""),
    # Layers.
    "repeats, 100 000": (repeats(f"[{', '.join(map(str, range(100_000)))}]"), ""),
    "repeats, a long range": (repeats("'${{ range(10**9) }}'"), "E304"),
    "repeats of one name": (repeats(f"[{'1, ' * 5_000}]"), "E405"),
    "extends, a long chain": (extends_chain(1_000), "E105"),
    "extends, a circle": (extends_chain(30).replace("t0: {", "t0: {extends: [hostile.t29], "), "E404"),
    "extends, a long circle": (extends_chain(1_000).replace("t0: {", "t0: {extends: [hostile.t999], "), "E105"),
    "extends, a lattice": (extends_lattice(20), ""),
    "overrides, 30 000": (overrides(30_000), "E402"),
    "overrides, 100 000": (overrides(100_000), "E105"),
    "a profile in a profile": (f"{HEADER}devices: {{}}\nprofiles: {'{a: ' * 50}1{'}' * 50}\n", "E110"),
    "profiles": (
        f"{HEADER}devices: {{}}\nprofiles: {{{', '.join(f'p{n}: {{vars: {{a: {n}}}}}' for n in range(9_999))}}}\n", ""),
    "directives": (f"{HEADER}devices: {{$unset: [{'x, ' * 50_000}]}}\n", "E407"),
    # Names that look like others.
    "confusable letters": (f"{HEADER}devices: {{stage: {{type: \u0435pics.motor, prefix: X}}}}\n", "E401"),
    "turned text": (f"{HEADER}devices: {{x: {{type: epics.motor, \u202exiferp: X}}}}\n", "E110"),
    "ansi sequences": (f'{HEADER}devices: {{x: {{type: "\\e[31mred\\a", prefix: X}}}}\n', "E401"),
    # Things outside.
    "packages": (f"{HEADER}use: ['pkg:../../etc', 'pkg:', 'pkg:a/../../../etc/passwd', 'pkg:\\0', 'pkg:{'a' * 5_000}',"
                 " 'pkg:os', 'pkg:-', 'pkg:/etc/passwd']\ndevices: {}\n", ""),
    "paths": (f"{HEADER}use: ['../../etc/passwd', /etc/passwd, '', '.', '..', '{'a/' * 5_000}', '~root/x',"
              " 'file:///etc/passwd', '\\\\\\\\host\\\\x', \"a\\0b\"]\ndevices: {}\n", "E203"),
    "a python class": (
        f"{HEADER}devices: {{x: {{type: python, class: 'os:system', args: {{command: touch executed}}}}}}\n", "E503"),
    "environment": (
        f"{HEADER}environment: {{LD_PRELOAD: ./x.so, PATH: ., EPICS_CA_ADDR_LIST: 'a\\0b'}}\ndevices: {{}}\n", "E129"),
}  # fmt: skip
