"""Kit maintenance: rebuilds ``files/code/openapi/openapi.json.tera`` from the documents served by each variant.

Usage: ``composer_openapi.py NAME=openapi.json…`` where NAME is ``<donnees>-<identite>-<ia>``, with donnees in
aucune, simple, dcp; identite in oidc, session, passage2, aucune; ia in ia, sans. A path or schema present in some variants
only becomes a conditional block; anything else that varies is refused.
"""

import json
import sys
from pathlib import Path

CONDITIONS = {
    "bdd": lambda v: v[0] != "aucune",
    "dcp": lambda v: v[0] == "dcp",
    "bdd and not dcp": lambda v: v[0] == "simple",
    'ia == "passerelle-mirai"': lambda v: v[2] == "ia",
    'bdd or ia == "passerelle-mirai"': lambda v: v[0] != "aucune" or v[2] == "ia",
    'authentification == "passage2"': lambda v: v[1] == "passage2",
    'authentification == "sso-mirai"': lambda v: v[1] == "oidc",
    'authentification == "proconnect" or authentification == "franceconnect"': lambda v: v[1] == "session",
}


def condition(variants, present):
    """Template condition true exactly on the variants where the value is present; None when it is everywhere."""
    if present == set(variants):
        return None
    for text, test in CONDITIONS.items():
        if {v for v in variants if test(v)} == present:
            return text
    raise SystemExit(f"no condition for {sorted(present)}")


def entries(variants, documents, keys):
    """(condition, key, JSON text) of each entry of the object at `keys`, in key order of first appearance."""
    found = {}
    for v in variants:
        value = documents[v]
        for key in keys:
            value = value[key]
        for name, content in value.items():
            text = json.dumps(content, ensure_ascii=False, indent=2).replace("\n", "\n" + "  " * (len(keys) + 1))
            found.setdefault((name, text), set()).add(v)
    return found


def block(found, variants, depth, ordering):
    """Object body; commas trail before the first unconditional entry and lead after it."""
    items = [(condition(variants, p), n, t) for (n, t), p in found.items()]
    items.sort(key=lambda item: ordering.index(item[1]))
    pivot = next(i for i, item in enumerate(items) if item[0] is None)
    out = ""
    for i, (test, name, text) in enumerate(items):
        body = f'\n{"  " * depth}{json.dumps(name)}: {text}'
        piece = body + "," if i < pivot else body if i == pivot else "," + body
        out += piece if test is None else "{% if " + test + " %}" + piece + "{% endif %}"
    # `{{%` would open an expression: a space, which `{%-` takes away.
    return " {%-" + out.removeprefix("{%") if out.startswith("{%") else out


def main():
    """Compose the template."""
    documents = {}
    for argument in sys.argv[1:]:
        name, path = argument.split("=", 1)
        documents[tuple(name.split("-"))] = json.loads(Path(path).read_text(encoding="utf-8"))
    variants = sorted(documents)
    richest = max(variants, key=lambda v: len(documents[v]["paths"]))
    paths = block(entries(variants, documents, ["paths"]), variants, 2, list(documents[richest]["paths"]))
    names = sorted({n for d in documents.values() for n in d["components"]["schemas"]})
    schemas = block(entries(variants, documents, ["components", "schemas"]), variants, 3, names)
    schemes = ""
    for (name, text), present in entries(variants, documents, ["components", "securitySchemes"]).items():
        schemes += "{% if " + condition(variants, present) + " %}" + f'{{\n      {json.dumps(name)}: {text}\n    }}' + "{% endif %}"
    anonymous = '{% if authentification == "aucune" %}'
    text = f"""{{
  "openapi": "3.1.0",
  "info": {{
    "title": {{{{ nom }}}},
    "description": {{{{ description }}}},
    "version": {json.dumps(documents[richest]["info"]["version"])}
  }},
  "paths": {{{paths}
  }},
  "components": {{
    "schemas": {{{schemas}
    }},
    "securitySchemes": {schemes}{anonymous}{{}}{{% endif %}}
  }},
  "security": {anonymous}[]{{% else %}}[
    {{
      "identite": []
    }}
  ]{{% endif %}}
}}
"""
    target = Path(__file__).parent / "files/code/openapi/openapi.json.tera"
    target.write_text(text, encoding="utf-8")


main()
