"""Réglages communs des appels sortants."""

import ssl

import httpx2 as httpx
import pytest

from app.appels import attente_demandee, reglages


def test_reglages() -> None:
    recus = reglages(7)
    assert recus["timeout"] == 7
    assert recus["follow_redirects"] is False
    # Les noms et les autorités sont vérifiés.
    assert recus["verify"].check_hostname
    assert recus["verify"].verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("recu", "attendu"),
    [
        ("0", 0),
        ("120", 120),
        ("3600", 3600),
        ("3601", 3600),
        ("999999999", 3600),
        ("9999999999", 60),
        ("", 60),
        ("-1", 60),
        ("1.5", 60),
        ("²", 60),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60),
    ],
)
def test_attente_demandee(recu: str, attendu: float) -> None:
    reponse = httpx.Response(429, headers=[(b"Retry-After", recu.encode("latin-1"))])
    assert attente_demandee(reponse) == attendu


def test_attente_non_dite() -> None:
    assert attente_demandee(httpx.Response(503)) == 60
    assert attente_demandee(httpx.Response(503), 0) == 0
