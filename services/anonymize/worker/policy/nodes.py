"""YAML as nodes that know their place, and the questions that readers ask them.

PyYAML's nodes are read directly, because plain loading forgets places and silently takes the last of two
equal keys. What would not end or grow without bound (an anchor that holds itself, a few lines that unfold to
millions) is refused before anything is read.
"""

from typing import Any

import yaml

from services.anonymize.worker.policy.problems import Place, PolicyError, Problem, did_you_mean

MOST_NODES = 200_000
MOST_DEEP = 40
MERGE = "tag:yaml.org,2002:merge"
PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{word}" for word in ("str", "int", "float", "bool", "null"))


def place_of(node: yaml.Node) -> Place:
    """Return where a node starts."""
    mark = node.start_mark
    return Place(mark.name, mark.line + 1, mark.column + 1)


def compose(text: str, name: str) -> yaml.Node:
    """Return a file's nodes; `name` is the file's name in messages. Raises PolicyError."""
    start = Place(name)
    try:
        loader = yaml.SafeLoader(text)
        loader.name = name  # every node's mark says the file
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Place(name, mark.line + 1, mark.column + 1) if mark else start
        said = str(error.problem or error.context)
        if "alias" in f"{error.context} {error.problem}":  # what begins with a star
            said += "; put a pattern that begins with * in quotes"
        raise PolicyError([Problem(at, f"not YAML: {said}")]) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise PolicyError([Problem(start, f"not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise PolicyError([Problem(start, "not YAML that can be read: it is nested too deeply")]) from None
    if root is None:
        raise PolicyError([Problem(start, "the policy is empty; start it with version: 1 and tables:")])
    _check_bounds(root)
    return root


def _check_bounds(root: yaml.Node) -> None:
    seen = 0
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if depth > MOST_DEEP or seen > MOST_NODES:
            said = "is nested too deeply, or holds itself" if depth > MOST_DEEP else "unfolds to too much"
            raise PolicyError([Problem(place_of(node), f"what stands here {said}")])
        if isinstance(node, yaml.MappingNode):
            waiting += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in node.value]
        elif any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in node.value):
            raise PolicyError([Problem(place_of(node), "half a character or a null byte stands here")])


class Nodes:
    """Answers with plain values, and remembers everything that is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def complain(self, node: yaml.Node, message: str) -> None:
        """Remember a problem at a node."""
        self.problems.append(Problem(place_of(node), message))

    def entries(
        self, node: yaml.Node, what: str, known: tuple[str, ...] | None = None
    ) -> dict[str, yaml.Node]:
        """Return a mapping's values by key; with `known`, any other key is a problem."""
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"{what} must be a mapping of names")
            return {}
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, f"{what} must have plain names as keys")
            elif key_node.tag == MERGE:
                self.complain(key_node, f"{what}: << is not read; write the keys, or use include")
            elif key_node.value in found:
                self.complain(key_node, f"{key_node.value} stands twice in {what}; keep one")
            elif known is not None and key_node.value not in known:
                hint = did_you_mean(key_node.value, known) or f"; it knows {', '.join(known)}"
                self.complain(key_node, f"{what} knows no {key_node.value}{hint}")
            else:
                found[key_node.value] = value
        return found

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """Return a list's elements."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.complain(node, f"{what} must be a list, in square brackets or a line with a dash for each")
        return []

    def word(self, node: yaml.Node, what: str) -> str:
        """Return a word that is not empty."""
        if isinstance(node, yaml.ScalarNode) and node.value:
            return str(node.value)
        self.complain(node, f"{what} must be a plain word")
        return ""

    def words(self, node: yaml.Node, what: str) -> tuple[str, ...]:
        """Return a word, or a list of words."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(word for one in nodes if (word := self.word(one, what)))

    def choice(self, node: yaml.Node, what: str, known: tuple[str, ...]) -> str:
        """Return one of the words that are known."""
        word = self.word(node, what)
        if word and word not in known:
            hint = did_you_mean(word, known)
            self.complain(node, f"{what} must be one of {', '.join(known)}, not {word}{hint}")
        return word if word in known else known[0]

    def file(self, node: yaml.Node, what: str) -> str:
        """Return the name of a file that lies beside the policy."""
        name = self.word(node, what)
        steps = name.split("/")
        if name and (name.startswith("/") or "\\" in name or any(step in {"", ".", ".."} for step in steps)):
            self.complain(node, f"{what}: {name} must lie beside the policy")
            return ""
        return name

    def plain(self, node: yaml.Node) -> Any:
        """Return a parameter's plain value, with duplicate keys refused at any depth."""
        match node:
            case yaml.MappingNode():
                return {key: self.plain(value) for key, value in self.entries(node, "a parameter").items()}
            case yaml.SequenceNode():
                return [self.plain(item) for item in node.value]
            case yaml.ScalarNode(tag="tag:yaml.org,2002:timestamp"):
                return node.value
            case _ if node.tag in PLAIN_TAGS:
                try:
                    return yaml.SafeLoader("").construct_object(node, deep=True)
                except (yaml.YAMLError, ValueError, LookupError, OverflowError):
                    pass
        self.complain(node, f"{node.value} is no plain value")
        return None
