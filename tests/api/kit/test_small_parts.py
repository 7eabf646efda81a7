"""Names, addresses, secrets, times, paging and sentences."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from visavis.api.kit import client, paging, times, vault
from visavis.api.kit.errors import Invalid
from visavis.api.kit.names import Names
from visavis.api.personas.flow import effective_flow, shown_flow

NAMES = Names(aliases={"a": ("b", "c")}, children={"inner": Names(aliases={"x": ("y",)})})


class TestNames:
    def test_every_name_becomes_the_canonical_one_and_back(self) -> None:
        canonical = NAMES.canonical({"c": 1, "inner": {"y": 2, "b": 3}, "other": 4})
        assert canonical == {"a": 1, "inner": {"x": 2, "b": 3}, "other": 4}
        assert NAMES.both(canonical) == {"a": 1, "b": 1, "c": 1, "inner": {"x": 2, "y": 2, "b": 3}, "other": 4}

    def test_two_names_may_agree_but_not_differ(self) -> None:
        assert NAMES.canonical({"a": 1, "b": 1}) == {"a": 1}
        with pytest.raises(Invalid, match=r"inner\.x and inner\.y are two names of one field"):
            NAMES.canonical({"inner": {"x": 1, "y": 2}})

    def test_anything_but_an_object_stays(self) -> None:
        for value in (None, 5, "b", ["b"], {"inner": ["y"]}):
            assert NAMES.canonical(value) == value


class TestClientAddress:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "expected"),
        [
            ("198.51.100.1", None, "198.51.100.1"),
            ("198.51.100.1", "203.0.113.1", "198.51.100.1"),
            ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
            ("10.0.0.1", "1.1.1.1, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("10.0.0.1", " , ", "10.0.0.1"),
            ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
            ("10.0.0.1", "unknown", None),
            ("::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1"),
            (None, "203.0.113.1", None),
        ],
    )
    def test_the_rightmost_untrusted_hop(self, peer: str | None, forwarded: str | None, expected: str | None) -> None:
        found = client.client_address(peer, forwarded, client.networks(["10.0.0.0/8"]))
        assert found == (ipaddress.ip_address(expected) if expected else None)


class TestVault:
    def test_the_secret_file_is_made_once_and_only_for_its_owner(self, tmp_path: Path) -> None:
        first = vault.open_vault(tmp_path, "")
        path = tmp_path / "secret.key"
        assert path.stat().st_mode & 0o777 == 0o600
        assert vault.open_vault(tmp_path, "").decrypt(first.encrypt("word")) == "word"
        path.write_text("short")
        with pytest.raises(vault.SecretKeyError, match="damaged"):
            vault.open_vault(tmp_path, "")

    def test_a_configured_secret_needs_no_file(self, tmp_path: Path) -> None:
        assert vault.open_vault(tmp_path, "given").webhook_secret("a") == vault.Vault(b"given").webhook_secret("a")
        assert list(tmp_path.iterdir()) == []

    def test_another_secret_cannot_read_it_and_says_so(self) -> None:
        token = vault.Vault(b"one").encrypt("word")
        with pytest.raises(vault.SecretKeyError, match="another server secret"):
            vault.Vault(b"two").decrypt(token)

    def test_every_purpose_and_account_has_its_own_key(self) -> None:
        keys = vault.Vault(b"x")
        assert len({keys.derive("a"), keys.derive("b")}) == 2
        assert keys.webhook_secret("a") != keys.webhook_secret("b")

    @pytest.mark.parametrize(
        "name",
        "accessToken access-token apiKey APIKey privateKey private_key aws_secret_access_key sig signature code "
        "clientSecret".split(),
    )
    def test_a_secret_is_known_by_its_name_however_it_is_written(self, name: str) -> None:
        masked, hidden = vault.hide({"layers": {"tts": {name: "s3cr3t"}}}, vault.Vault(b"x"), {})
        assert masked == {"layers": {"tts": {name: "****"}}}
        assert set(hidden) == {f"/layers/tts/{name}"}

    @pytest.mark.parametrize("name", ["max_tokens", "language_code", "monkey", "design", "keyboard", "model"])
    def test_other_names_stay_readable(self, name: str) -> None:
        document = {"layers": {"tts": {name: "word"}}}
        assert vault.hide(document, vault.Vault(b"x"), {}) == (document, {})

    def test_hide_and_reveal_are_inverse_and_leave_schemas_alone(self) -> None:
        keys = vault.Vault(b"x")
        document = {
            "layers": {
                "llm": {
                    "api_key": "sk-0123456789",
                    "headers": {"X-Auth-Token": "t0123456789012", "X-Org": "acme"},
                    "default_query": {"u": "q0123456789012", "tools": ["t"], "n": 1},
                    "extra_body": {"max_tokens": 5},
                    "tools": [{"function": {"parameters": {"properties": {"token": {"default": "x"}}}}}],
                },
                "odd/na~me": {"password": "short"},
            }
        }
        masked, hidden = vault.hide(document, keys, {})
        assert vault.reveal(masked, hidden, keys.decrypt) == document
        assert set(hidden) == {
            "/layers/llm/api_key",
            "/layers/llm/headers/X-Auth-Token",
            "/layers/llm/headers/X-Org",
            "/layers/llm/default_query/u",
            "/layers/llm/default_query/tools/0",
            "/layers/odd~1na~0me/password",
        }
        assert masked["layers"]["llm"]["api_key"] == "****6789"
        assert masked["layers"]["odd/na~me"]["password"] == "****"
        again, kept = vault.hide(masked, keys, hidden)
        assert (again, kept) == (masked, hidden)
        moved = {"layers": {"tts": {"api_key": "****6789"}}}
        with pytest.raises(Invalid, match=r"layers\.tts\.api_key is a masked secret"):
            vault.hide(moved, keys, hidden)


class TestFlow:
    def test_what_was_said_wins_over_older_words_which_win_over_defaults(self) -> None:
        older = {"participant_pause_sensitivity": "high", "participant_interrupt_sensitivity": "low"}
        assert effective_flow({"layers": {"stt": older}})["turn_taking_patience"] == "low"
        assert effective_flow({"layers": {"stt": older}})["replica_interruptibility"] == "high"
        flow = effective_flow({"layers": {"stt": older, "conversational_flow": {"turn_taking_patience": "high"}}})
        assert (flow["turn_taking_patience"], flow["replica_interruptibility"]) == ("high", "high")
        assert effective_flow({})["turn_taking_patience"] == "medium"

    def test_every_older_value_has_a_newer_one(self) -> None:
        for value in ("superlow", "verylow", "low", "medium", "high", "auto"):
            stt = {"participant_pause_sensitivity": value, "participant_interrupt_sensitivity": value}
            assert effective_flow({"layers": {"stt": stt}})["replica_interruptibility"] in ("low", "medium", "high")

    def test_nothing_given_shows_nothing(self) -> None:
        assert shown_flow(None) is None
        assert shown_flow({"wake_phrase": None}) is None
        assert effective_flow({"layers": {"conversational_flow": {"turn_detection_model": "time-based"}}})[
            "turn_detection_model"
        ] == "timebased"  # fmt: skip


def test_times_are_written_as_the_contract_does() -> None:
    moment = datetime(2025, 5, 13, 6, 42, 58, 291561, tzinfo=UTC)
    assert times.iso_micro(moment) == "2025-05-13T06:42:58.291561Z"
    assert times.iso_milli(moment) == "2025-05-13T06:42:58.291Z"
    assert times.iso_micro(moment.replace(microsecond=0)) == "2025-05-13T06:42:58.000000Z"


def test_search_text_is_never_a_pattern_of_its_own() -> None:
    assert paging.like("100% _x\\ Y") == "%100\\%%\\_x\\\\%y%"
