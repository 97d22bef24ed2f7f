"""SNS as moto has it (filters and raw delivery are right in 5.2.5), with two things added.

What is published is recorded; and a queue whose policy does not let the topic in gets nothing, as in AWS.
"""

from types import ModuleType
from typing import Any, ClassVar

import moto.sns.urls
from moto.sns.models import SNSBackend, Subscription
from moto.sqs.models import sqs_backends

from local import policies
from local.queues import policy_of
from local.record import Record


class LiveTopics(SNSBackend):
    """The topics of one account and region."""

    record: ClassVar[Record] = Record()

    @property
    def _url_module(self) -> ModuleType:
        return moto.sns.urls

    def publish(self, message: str, *args: Any, **kwargs: Any) -> str:
        """Publish to every subscription that may be reached."""
        message_id: str = super().publish(message, *args, **kwargs)
        self.record.add(self.account_id, "topic", message)
        return message_id

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        """Subscribe a queue or anything else."""
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        subscription.__class__ = GuardedSubscription
        return subscription


class GuardedSubscription(Subscription):
    """A subscription that asks the queue's policy before it delivers."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Deliver one message, unless the queue does not let the topic in: SNS drops it then."""
        if self.protocol == "sqs" and not self._may_send():
            return
        super().publish(*args, **kwargs)

    def _may_send(self) -> bool:
        _, _, _, region, account, name = self.endpoint.split(":")
        queue = sqs_backends[account][region].queues.get(name)
        request = policies.Request(
            "sns.amazonaws.com",
            "sqs:SendMessage",
            self.endpoint,
            {
                "aws:SourceArn": self.topic.arn,
                "aws:SourceAccount": self.topic.account_id,
                "aws:SecureTransport": "true",
            },
        )
        return queue is not None and policies.allows(policy_of(queue), request)
