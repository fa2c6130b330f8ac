"""Sans base, la consommation du jour est tenue en mémoire."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.budget import BudgetEpuise
from app.consommation import BudgetMemoire


def test_budget_du_jour() -> None:
    instant = datetime(2026, 1, 15, 22, 0, tzinfo=UTC)
    budget = BudgetMemoire(100, lambda: instant)

    async def parcours() -> None:
        nonlocal instant
        await budget.noter("agent-1", 60)
        await budget.verifier("agent-1")
        await budget.noter("agent-1", 40)
        with pytest.raises(BudgetEpuise) as refus:
            await budget.verifier("agent-1")
        assert refus.value.attente == 7201
        await budget.verifier("agent-2")
        await budget.noter("agent-2", 1)
        assert budget.appelants() == 2
        instant += timedelta(hours=2)
        await budget.verifier("agent-1")
        assert budget.appelants() == 0

    asyncio.run(parcours())
