"""PyPI `google-api-python-client`, as newsrooms use it."""

import pytest
from googleapiclient import discovery
from googleapiclient.errors import HttpError
from texts import HAM, SPAM


def client(service, key=None):
    return discovery.build(
        "commentanalyzer", "v1alpha1", developerKey=key or service.submit_key, static_discovery=False,
        discoveryServiceUrl=f"{service.url}/$discovery/rest?version=v1alpha1",
    )


def test_a_text_gets_its_scores(service):
    body = {"comment": {"text": SPAM["text"]}, "requestedAttributes": {"TOXICITY": {}, "SPAM": {}}, "languages": ["en"]}
    answer = client(service).comments().analyze(body=body).execute()
    assert answer["attributeScores"]["SPAM"]["summaryScore"]["value"] > 0.9
    assert 0 <= answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] <= 1
    assert service.comments() == []


def test_a_suggested_score_is_kept(service):
    scores = {"TOXICITY": {"summaryScore": {"value": 1.0}}}
    body = {"comment": {"text": HAM["text"]}, "attributeScores": scores, "clientToken": "t"}
    # Whoever reads the key of a public form must not teach the classifier.
    assert client(service).comments().suggestscore(body=body).execute()["clientToken"] == "t"
    assert service.comments() == []
    assert client(service, service.key).comments().suggestscore(body=body).execute()["clientToken"] == "t"
    assert [comment["status"] for comment in service.comments()] == ["rejected"]


def test_what_cannot_be_answered_is_the_librarys_own_error(service):
    body = {"comment": {"text": HAM["text"]}, "requestedAttributes": {"INSULT": {}}}
    with pytest.raises(HttpError, match="Unknown requested attribute: INSULT"):
        client(service).comments().analyze(body=body).execute()
    with pytest.raises(HttpError, match="API key not valid"):
        client(service, key="wrong").comments().analyze(body=body).execute()
