import pytest

from voltward.comms.topics import TopicMap, access_by_identity, access_for_all, checked_identity
from voltward.core.errors import ConfigurationError


def test_each_identity_gets_its_own_topics_only():
    text = access_by_identity(TopicMap(), ["v1", "v2"], "cloud")
    blocks = {block.splitlines()[0]: block.splitlines()[1:] for block in text.split("\n\n")}
    assert blocks == {
        "user v1": ["topic write voltward/1/v1/telemetry", "topic read voltward/1/v1/command"],
        "user v2": ["topic write voltward/1/v2/telemetry", "topic read voltward/1/v2/command"],
        "user cloud": ["topic read voltward/1/+/telemetry", "topic write voltward/1/+/command"],
    }


def test_without_identities_everyone_may_use_the_topics_of_the_map_only():
    assert access_for_all(TopicMap("a/{vehicle}", "b/{vehicle}")).splitlines() == [
        "topic readwrite a/+",
        "topic readwrite b/+",
    ]


@pytest.mark.parametrize("name", ["", "+", "a/b", "a#", "a b", "-a", "a\nuser b", "x" * 65])
def test_a_name_that_could_widen_the_access_is_refused(name):
    with pytest.raises(ConfigurationError):
        checked_identity(name)


@pytest.mark.parametrize(
    "pattern",
    ["a/b", "a/{vehicle}/{vehicle}", "a/x{vehicle}", "+/{vehicle}", "{vehicle}/#", "$a/{vehicle}"],
)
def test_a_topic_pattern_that_is_no_pattern_is_refused(pattern):
    with pytest.raises(ConfigurationError, match="topic map"):
        TopicMap(telemetry=pattern)
