"""Made-up people, companies, projects and copyright lines."""

import random

_FIRST = """
Ana Anders Anton Aiko Bela Birgit Boris Carla Chen Claire Dana David Deepa Diego Elena Emil Erik Fatima Felix
Gita Greta Hana Hans Hiro Igor Ines Ivan Jana Jonas Juan Kaito Karin Katya Lars Leila Liam Lucia Luis Marco
Maria Mei Mika Nadia Nils Nina Olga Omar Oscar Paulo Petra Pierre Priya Rafael Rosa Ruth Samir Sara Sofia Sven
Tariq Thea Tomas Uma Vera Viktor Wei Yara Yuki Zoe John Mary James Robert Linda Michael Susan William Karen
Richard
""".split()
_LAST = """
Adler Almeida Andersson Bauer Becker Bianchi Brandt Brown Castro Chen Costa Dubois Eriksen Fischer Garcia
Gomez Gupta Haas Hansen Hoffmann Ito Ivanov Jensen Johansson Kaya Keller Kim Klein Kovacs Kumar Lang Larsen
Lee Lindqvist Lopez Marino Martin Meyer Miller Mori Moreau Nakamura Nguyen Novak Olsen Patel Pereira Petrov
Popov Quist Ramos Ricci Rossi Roux Santos Sato Schmidt Silva Smith Sokolov Suzuki Tanaka Taylor Vogel Wagner
Walker Wang Weber White Wu Yamada Young Zhang
""".split()
_COMPANY = """
Acorn Alder Altiva Arbor Argon Aster Beacon Birch Blue Bright Cedar Cobalt Comet Coral Crest Delta Ember Fern
Fjord Flint Granite Harbor Helix Iris Juniper Kestrel Lagoon Lumen Maple Meridian Nimbus Nova Oak Onyx Orbit
Pine Quartz Raven Ridge River Sable Sierra Solis Spruce Stellar Summit Terra Tidal Umbra Vertex Willow Zephyr
""".split()
_COMPANY_END = [
    "Inc.", "Inc", "LLC", "Ltd", "Ltd.", "GmbH", "AG", "Corporation", "Corp.", "Software", "Systems", "Labs",
    "Technologies", "Networks", "Foundation", "Software Foundation", "Project", "Group", "B.V.", "S.A.", "Oy",
]
_PLACES = """
Aarhus Basel Bergen Bologna Bristol Coimbra Delft Ghent Graz Kyoto Leiden Lund Lyon Malaga Oulu Porto Sendai
Tartu Toronto Trieste Turku Uppsala Utrecht Vienna Zurich Michigan Oregon Wisconsin
""".split()
_STEMS = """
ab acme alpha ant arc atlas auto base beam bit blaze block bolt book box brew bridge buf byte cache cam cat
chart chip clip cloud code cog cold color core crab craft cube data date deep dock dot draw drift echo edge
event fast file fire fish flat flex flow form frame fuse geo glue graph grid hash hex hook html http image
index ink io jet job json key kit lane leaf light line link list log loop map mark mesh meta mini mix net node
note object open pack page pair panel parse patch path pipe pixel plot pod pop port print proto pulse query
quick rain rate ray read ring root rope route run safe sand scan seed set shell sign sky sort spark spin split
stack star stat stone stream string sync table tag task term text thread tick time tiny token tree tube type
unit url vector view wave web wire word work yaml zen zip zone
""".split()
_SUFFIXES = [
    "", "", "", "-js", "-rs", "py", "-core", "-utils", "kit", "lib", "-tools", "-cli", "-api", "er", "ify",
    "js", "2",
]
_PREFIXES = [
    "", "", "", "", "lib", "py", "node-", "go-", "python-", "ruby-", "x", "k", "g", "@", "perl-", "rust-",
    "php-",
]
_HOSTS = [
    "https://github.com/{o}/{p}", "https://gitlab.com/{o}/{p}", "http://www.{p}.org/", "https://{p}.dev",
    "http://{p}.sourceforge.net/", "https://python.example.org/project/{p}/", "https://modules.example.com/package/{p}",
    "ftp://ftp.{p}.org/pub/{p}/", "https://code.{o}.com/{p}.git", "http://search.cpan.org/dist/{p}/",
    "https://metacpan.org/release/{p}", "https://hackage.haskell.org/package/{p}",
    "https://crates.example.org/crates/{p}",
]
_MAIL_HOSTS = ["example.org", "example.com", "example.net", "mail.example.org", "users.example.net", "debian.org"]


_SIGNS = ["Copyright (c)"] * 4 + ["Copyright (C)"] * 2 + ["Copyright"] * 2 + [
    "Copyright ©", "(c)", "(C)", "©", "Copyright:", "COPYRIGHT (c)", "Portions copyright (c)"]
_ENDS = [""] * 5 + [".", ". All rights reserved.", " All Rights Reserved.", ", all rights reserved"]


def year(rng: random.Random) -> int:
    return int(rng.triangular(1989, 2025, 2014))


def years(rng: random.Random) -> str:
    """One year, a range or a list of years."""
    first = year(rng)
    last = min(2025, first + rng.randint(1, 14))
    form = rng.random()
    if form < 0.5:
        return str(first)
    if form < 0.8:
        return f"{first}{rng.choice(['-', '-', ' - ', '–', '--'])}{last}"
    if form < 0.93:
        return ", ".join(str(value) for value in range(first, min(last, first + 5) + 1))
    return f"{first}-present" if rng.random() < 0.5 else f"{first},{last}"


def person(rng: random.Random) -> str:
    if rng.random() < 0.12:
        return f"{rng.choice(_FIRST)} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {rng.choice(_LAST)}"
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def company(rng: random.Random) -> str:
    if rng.random() < 0.12:
        return f"University of {rng.choice(_PLACES)}"
    middle = rng.choice(["", "", "", " " + rng.choice(_COMPANY), rng.choice(_STEMS)])
    return f"{rng.choice(_COMPANY)}{middle} {rng.choice(_COMPANY_END)}"


def mail(rng: random.Random, name: str) -> str:
    parts = [part.strip(".,").lower() for part in name.split()]
    user = rng.choice([parts[0], parts[0][0] + parts[-1], ".".join((parts[0], parts[-1])), parts[-1]])
    host = f"{rng.choice(_STEMS)}{rng.choice(_STEMS)}.{rng.choice(['org', 'com', 'net', 'de', 'io'])}"
    if rng.random() < 0.6:
        host = rng.choice(_MAIL_HOSTS)
    at = " at " if rng.random() < 0.04 else "@"
    return f"{user}{at}{host}"


def project(rng: random.Random) -> str:
    stem = f"{rng.choice(_STEMS)}{rng.choice(['', '', '-', '_'])}{rng.choice(_STEMS)}"
    name = f"{rng.choice(_PREFIXES)}{stem}{rng.choice(_SUFFIXES)}"
    if name.startswith("@"):
        return f"@{rng.choice(_STEMS)}/{name[1:]}"
    return name.capitalize() if rng.random() < 0.25 else name


def version(rng: random.Random) -> str:
    return ".".join(str(rng.randint(0, top)) for top in (9, 20, 12)[: rng.choice([2, 3, 3])])


def url(rng: random.Random, name: str) -> str:
    plain = name.lower().split("/")[-1].replace("_", "-")
    return rng.choice(_HOSTS).format(o=rng.choice(_STEMS) + rng.choice(_STEMS), p=plain)


def holder(rng: random.Random) -> str:
    form = rng.random()
    if form < 0.45:
        name = person(rng)
        return f"{name} <{mail(rng, name)}>" if rng.random() < 0.4 else name
    if form < 0.8:
        return company(rng)
    name = project(rng)
    return rng.choice([f"The {name} Authors", f"{name} contributors", f"the {name} developers", f"{name} team",
                       f"{person(rng)} and contributors", f"{person(rng)}, {person(rng)} and others",
                       f"The {name} Project"])


def copyright_line(rng: random.Random) -> str:
    sign = rng.choice(_SIGNS)
    line = f"{sign} {years(rng)}{rng.choice([' ', ' ', ', ', ' by '])}{holder(rng)}"
    return line + rng.choice(_ENDS)


def copyright_lines(rng: random.Random) -> str:
    """Mostly one line, sometimes a page of them."""
    count = 1 if rng.random() < 0.65 else (rng.randint(2, 5) if rng.random() < 0.9 else rng.randint(6, 25))
    lines = [copyright_line(rng) for _ in range(count)]
    if rng.random() < 0.08:
        lines.append("All rights reserved.")
    return "\n".join(lines)
