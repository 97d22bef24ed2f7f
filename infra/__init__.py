"""The two stacks of Snapveil, in AWS CDK, and what their roles may do."""

from infra.node import use_packaged_node

use_packaged_node()  # before any module of this package can import the CDK, which starts its kernel then
