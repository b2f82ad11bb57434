"""PyPI `akismet`: its base address is a constant, so a transport takes the calls elsewhere. Its time-out of one second stays."""

import asyncio

import akismet
import httpx
import pytest
from texts import HAM, SPAM

BLOG = "https://blog.example/"


class Elsewhere(httpx.BaseTransport, httpx.AsyncBaseTransport):
    def __init__(self, url: str):
        self.url = httpx.URL(url)
        self.sync, self.asynchronous = httpx.HTTPTransport(), httpx.AsyncHTTPTransport()

    def moved(self, request: httpx.Request) -> httpx.Request:
        assert request.extensions["timeout"]["read"] == 1.0
        request.url = request.url.copy_with(scheme=self.url.scheme, host=self.url.host, port=self.url.port)
        request.headers["host"] = self.url.netloc.decode()
        return request

    def handle_request(self, request):
        return self.sync.handle_request(self.moved(request))

    async def handle_async_request(self, request):
        return await self.asynchronous.handle_async_request(self.moved(request))


def client(service, key=None):
    config = akismet.Config(key=key or service.short_key, url=BLOG)
    http = httpx.Client(transport=Elsewhere(service.url), timeout=1.0, headers={"User-Agent": akismet.USER_AGENT})
    return akismet.SyncClient.validated_client(config=config, http_client=http)


def fields(comment):
    return {
        "user_ip": "203.0.113.9",
        "comment_content": comment["text"],
        "comment_author": comment["name"],
        "comment_author_url": comment.get("url", ""),
        "comment_type": "comment",
    }


def test_spam_is_discarded_and_ham_passes(service):
    checker = client(service)
    assert checker.comment_check(**fields(SPAM)) == akismet.CheckResponse.DISCARD
    assert checker.comment_check(**fields(HAM)) == akismet.CheckResponse.HAM
    assert [comment["status"] for comment in service.comments()] == ["approved", "rejected"]


def test_feedback_changes_the_stored_comment(service):
    checker = client(service)
    checker.comment_check(**fields(HAM))
    assert checker.submit_spam(**fields(HAM))
    assert [comment["status"] for comment in service.comments()] == ["rejected"]
    assert checker.submit_ham(**fields(HAM))
    assert [comment["status"] for comment in service.comments()] == ["approved"]


def test_a_wrong_key_is_an_error(service):
    with pytest.raises(akismet.APIKeyError):
        client(service, key="0123456789ab")


def test_usage_is_told(service):
    checker = client(service)
    checker.comment_check(**fields(HAM))
    assert checker.usage_limit()["usage"] == 1


def test_the_asynchronous_client_works_too(service):
    async def check():
        http = httpx.AsyncClient(transport=Elsewhere(service.url), timeout=1.0)
        config = akismet.Config(key=service.short_key, url=BLOG)
        checker = await akismet.AsyncClient.validated_client(config=config, http_client=http)
        return await checker.comment_check(**fields(SPAM))

    assert asyncio.run(check()) == akismet.CheckResponse.DISCARD
