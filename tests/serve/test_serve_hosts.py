"""Who can ask: names of the server, pages of other sites, tokens that were not filled in."""

from __future__ import annotations

import pytest
from tests.serve.conftest import serving
from tests.serve.test_serve_page import form_of

from madaline._apps.serve.server import _warnings
from madaline._apps.serve.settings import Settings
from madaline.errors import InputError

OWN = ("localhost", "LOCALHOST:80", "app.localhost:8000", "127.0.0.1:1", "[::1]:5", "10.0.0.7")
FOREIGN = (
    "evil.com",
    "evil.com:8000",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "evil.com@x",
    "",
)


@pytest.mark.parametrize("host", OWN)
def test_names_of_this_machine_and_addresses_are_answered(only, records, host) -> None:
    assert only.get("/v2/health/live", Host=host).status == 200
    assert only.post("/predict", records, Host=host).status == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_are_refused(only, records, host) -> None:
    for reply in (
        only.get("/report", Host=host),
        only.post("/predict", records, Host=host),
        only.get("/models/binary/", Host=host),
    ):
        assert (reply.status, "no name of this server" in reply.sentence) == (403, True)


def test_names_can_be_allowed(files) -> None:
    allowed = ("Models.example.com", "*.svc.local")
    with serving({"m": files["binary"]}, allow_hosts=allowed) as client:
        for host in ("models.example.com", "models.example.com.:80", "a.b.svc.local", "localhost"):
            assert client.get("/story", Host=host).status == 200
        for host in ("example.com", "svc.local", "xsvc.local"):
            assert client.get("/story", Host=host).status == 403
    for name in ("http://a.com", "a.com:80", "*", "a.*.com", ""):
        with pytest.raises(InputError, match="cannot be the name of a server"):
            Settings(files, allow_hosts=[name])


def test_nothing_is_redirected(only, client) -> None:
    for path in ("/models/binary/", "/predict/", "/v2/", "//report"):
        assert only.get(path).status == 404
    assert "location" not in only.get("/models/binary/", Host="localhost").headers


def test_pages_of_other_sites_cannot_send(only, records) -> None:
    row = records[0]
    for origin in ("http://evil.com", "null", "http://localhost:3000", "https://evil.com:80"):
        reply = only.post("/predict", row, Origin=origin, **{"Content-Type": "text/plain"})
        assert (reply.status, "page of another site" in reply.sentence) == (403, True)
        assert only.post("/", form_of(row), Origin=origin).status == 403
    own = f"http://127.0.0.1:{only.port}"
    assert only.post("/", form_of(row), Origin=own).status == 200
    assert (
        only.post("/predict", row, Origin="https://a.localhost", Host="a.localhost").status == 200
    )
    assert only.get("/v2/health/live", Origin="http://evil.com").status == 200
    # browsers send no origin of a form whose page forbids to tell where it comes from
    assert only.get("/").headers["referrer-policy"] == "same-origin"


def test_a_page_behind_a_proxy_can_send_where_its_name_is_given(files, records) -> None:
    with serving({"m": files["binary"]}, allow_hosts=["models.example.com"]) as client:
        for origin, status in (("https://models.example.com", 200), ("https://example.com", 403)):
            assert client.post("/predict", records, Origin=origin).status == status


def test_a_token_does_not_open_the_door_to_other_names(files, records) -> None:
    with serving({"m": files["binary"]}, token="sesame") as client:
        known = {"Authorization": "Bearer sesame"}
        assert client.post("/predict", records, **known).status == 200
        assert client.post("/predict", records, **known, Host="evil.com").status == 403
        assert client.post("/predict", records, **known, Origin="http://evil.com").status == 403


def test_a_token_that_was_not_filled_in_is_refused(files) -> None:
    for token in ("", " ", "a b", "tökén", "a\n"):
        with pytest.raises(InputError, match=r"The token (is empty|holds spaces)"):
            Settings(files, token=token)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "", "models.example.com"])
def test_listening_to_others_without_a_token_is_warned_of(files, host) -> None:
    (sentence,) = _warnings(Settings(files, host=host))
    assert "there is no token" in sentence
    assert not list(_warnings(Settings(files, host=host, token="sesame")))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_listening_to_this_machine_is_not_warned_of(files, host) -> None:
    assert not list(_warnings(Settings(files, host=host)))
