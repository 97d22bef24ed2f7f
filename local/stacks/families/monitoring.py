"""CloudWatch: log groups, alarms and dashboards, which are only in the stack's record."""

from collections.abc import Mapping

from local.stacks.resource import Made, Order, Resource, ResourceType


def _recorded(name: str, property_: str, arn: str, service: str) -> ResourceType:
    """A type that is only in the stack's record, known by its name."""

    def create(order: Order) -> Made:
        physical_id = order.name(property_, 255)
        attributes: Mapping[str, str] = {"Arn": order.arn(service, arn.format(physical_id))}
        return Made(physical_id, attributes)

    def update(order: Order, resource: Resource) -> Made:
        del resource
        return create(order)

    return ResourceType(name, create, update=update, record_only=True)


TYPES = (
    _recorded("AWS::Logs::LogGroup", "LogGroupName", "log-group:{}:*", "logs"),
    _recorded("AWS::Logs::MetricFilter", "FilterName", "metric-filter:{}", "logs"),
    _recorded("AWS::Logs::ResourcePolicy", "PolicyName", "resource-policy:{}", "logs"),
    _recorded("AWS::Logs::QueryDefinition", "Name", "query-definition:{}", "logs"),
    _recorded("AWS::CloudWatch::Alarm", "AlarmName", "alarm:{}", "cloudwatch"),
    _recorded("AWS::CloudWatch::CompositeAlarm", "AlarmName", "alarm:{}", "cloudwatch"),
    _recorded("AWS::CloudWatch::Dashboard", "DashboardName", "dashboard/{}", "cloudwatch"),
)
