"""Change sets: a stack described first and made later. Only those that create a stack are emulated.

They can take in what an earlier stack left because it holds data, which CreateStack cannot.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from local.stacks import Stack, Template


@dataclass
class ChangeSet:
    """A stack that is going to be made."""

    name: str
    id: str
    stack: Stack
    template: Template
    given: Mapping[str, str]
    adopt: bool
    executed: bool = False

    @classmethod
    def of(
        cls, name: str, stack: Stack, template: Template, given: Mapping[str, str], adopt: bool
    ) -> "ChangeSet":
        """Describe a stack."""
        place = f"arn:aws:cloudformation:{stack.account.region}:{stack.account.number}"
        stack.template = template
        return cls(name, f"{place}:changeSet/{name}/{uuid.uuid4()}", stack, template, given, adopt)

    def execute(self) -> None:
        """Make the stack. Raises TemplateError."""
        self.executed = True
        self.stack.create(self.template, self.given, adopt=self.adopt)

    def shown(self) -> dict[str, object]:
        """Describe it as the API does."""
        return {
            "ChangeSetName": self.name,
            "ChangeSetId": self.id,
            "StackId": self.stack.id,
            "StackName": self.stack.name,
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": "EXECUTE_COMPLETE" if self.executed else "AVAILABLE",
            "Changes": [
                {
                    "Type": "Resource",
                    "ResourceChange": {
                        "Action": "Add",
                        "LogicalResourceId": one.logical_id,
                        "ResourceType": one.type,
                    },
                }
                for one in self.template.resources.values()
            ],
        }
