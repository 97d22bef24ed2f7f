"""The policy bundle: the same files make the same digest, from a folder and from S3."""

from pathlib import Path

import boto3
import pytest

from shared.bundle import BundleError, digest_of, read_bundle


def test_a_folder_and_s3_give_the_same_bundle(tmp_path: Path, account: None) -> None:
    files = {"policy.yaml": b"version: 1\n", "sql/mask.sql": b"SELECT 1"}
    s3 = boto3.client("s3")
    s3.create_bucket(
        Bucket="snapveil-policies", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
    )
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        s3.put_object(Bucket="snapveil-policies", Key=f"policies/shop/{name}", Body=content)
    s3.put_object(Bucket="snapveil-policies", Key="policies/shop-es/policy.yaml", Body=b"another source's")
    assert read_bundle(str(tmp_path)) == read_bundle("s3://snapveil-policies/policies/shop")
    assert read_bundle(str(tmp_path)).files == files


def test_any_change_changes_the_digest() -> None:
    one = {"policy.yaml": b"a", "x": b"b"}
    others = [{"policy.yaml": b"a"}, {"policy.yaml": b"a", "y": b"b"}, {"policy.yaml": b"ab", "x": b""}]
    assert all(digest_of(one) != digest_of(other) for other in others)


@pytest.mark.parametrize("content", [{}, {"other.yaml": b""}])
def test_a_place_without_a_policy_is_refused(tmp_path: Path, content: dict[str, bytes]) -> None:
    for name, text in content.items():
        (tmp_path / name).write_bytes(text)
    with pytest.raises(BundleError, match=r"holds no policy\.yaml"):
        read_bundle(str(tmp_path))


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no folder"):
        read_bundle(str(tmp_path / "nowhere"))
