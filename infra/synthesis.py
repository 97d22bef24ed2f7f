"""From documents to templates: `python -m infra.synthesis` keeps those of examples/shop in infra/templates.

What readers of a template can rely on, beside what infra/parameters.py says:
- Logical ids say what a thing is, and are the same in every template: RestoreQueue, RestoreDeadLetters,
  RestoreFunction, RestoreMessages (the event source mapping), RestoreRole, BusSend, BusReceive, WorkerTask, …
  What there is once per source begins with the source's prefix: ShopRefresh, ShopParameterGroup.
- `Metadata.snapveil` names the account, and its sources with prefix and kind.
- /snapveil/config is one Fn::Sub whose text is the JSON document, with the names of the sources' parameters.
- The worker's task sets the container's entry point and no command.
- There is no asset, custom resource, look-up or bootstrap version.
- A template is larger than CloudFormation takes in a request (51,200 bytes): pass it by TemplateURL.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import aws_cdk as cdk

from infra.app import build
from infra.kept import EXAMPLES, FOLDER, Template, differing, text
from infra.limits import TooLargeError, check
from shared.config import ConfigError


def templates(production: Path | None, development: Path | None) -> dict[str, Template]:
    """Return the template of each stack by the name of its account. Raises ConfigError or TooLargeError."""
    with tempfile.TemporaryDirectory(prefix="snapveil-synthesis-") as folder:
        app = cdk.App(
            analytics_reporting=False, outdir=folder, context={"aws:cdk:enable-path-metadata": False}
        )
        build(app, production, development)
        made = {stack.stack_name: stack.template for stack in app.synth().stacks}
    for template in made.values():
        check(template)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Write the templates, or check that they are up to date."""
    parser = argparse.ArgumentParser(prog="python -m infra.synthesis", description=main.__doc__)
    parser.add_argument("--production", type=Path, help="the production account's document")
    parser.add_argument("--development", type=Path, help="the development account's document")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where templates are written")
    parser.add_argument("--check", action="store_true", help="write nothing; say which differ")
    asked = parser.parse_args(arguments)
    if asked.production is None and asked.development is None:
        asked.production, asked.development = EXAMPLES["production"], EXAMPLES["development"]
    try:
        made = templates(asked.production, asked.development)
    except (ConfigError, TooLargeError) as error:
        print(error, file=sys.stderr)
        return 2
    if asked.check:
        old = differing(made, asked.out)
        for path in old:
            print(f"{path} is not what infra/ makes: run python -m infra.synthesis")
        return 1 if old else 0
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, template in made.items():
        path = asked.out / f"{name}.json"
        path.write_text(text(template))
        print(f"{path}: {len(template['Resources'])} resources")
    return 0


if __name__ == "__main__":
    sys.exit(main())
