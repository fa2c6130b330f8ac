"""Sans authentification, la description de l'API ne doit pas en promettre."""

from fastapi.testclient import TestClient


def test_aucune_securite_annoncee(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["security"] == []
    assert document["components"]["securitySchemes"] == {}


def test_requete_anonyme_acceptee(client: TestClient) -> None:
    assert client.get("/api/informations").status_code == 200
