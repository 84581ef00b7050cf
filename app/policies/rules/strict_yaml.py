"""YAML read as JSON would be: no duplicate key, no `on` for true, no date that nobody quoted."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

BOOLEAN = "tag:yaml.org,2002:bool"
TIMESTAMP = "tag:yaml.org,2002:timestamp"


class StrictLoader(yaml.SafeLoader):
    """The safe loader, without YAML 1.1's surprises."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build an object whose keys are texts and stand once each."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str) or key in seen:
                fault = "stands twice" if isinstance(key, str) else "is no text"
                message = f"the key {key!r} {fault}"
                raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


# `verified: {by, on, note}`: in YAML 1.1 the word "on" is the boolean true.
StrictLoader.yaml_implicit_resolvers = {
    first: [pair for pair in resolvers if pair[0] not in {BOOLEAN, TIMESTAMP}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
StrictLoader.add_implicit_resolver(BOOLEAN, re.compile("^(?:true|false)$"), list("tf"))


def read(text: str) -> object:
    """Return the document as JSON values.

    Raises:
        yaml.YAMLError: no YAML, more than one document, or a key that stands twice.
    """
    loader = StrictLoader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
