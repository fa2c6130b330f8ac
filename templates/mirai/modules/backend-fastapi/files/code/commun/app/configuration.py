"""Configuration lue dans l'environnement, et nulle part ailleurs (EXI-ARCH-22)."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from app.projet import NOM


class Configuration(BaseSettings):
    """Réglages communs. Les autres parties ont la leur (base, identité, passerelle)."""

    app_nom: str = NOM
    app_env: str = "dev"
    app_version: str = "0.0.0"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    hote: str = Field(default="0.0.0.0", validation_alias="HOTE")
    port: int = Field(default=8080, ge=1, le=65535, validation_alias="PORT")
    arret_secondes: int = Field(default=35, ge=1)
    taille_max_octets: int = Field(default=262_144, ge=1)
    requetes_max: int = Field(default=200, ge=1)  # en cours à la fois, par pod ; au-delà, 503 tout de suite
    debit_par_minute: int = Field(default=600, ge=1)  # par appelant et par pod ; au-delà, 429
    groupes_lecture: str = "lecteurs,instructeurs"
    groupes_instruction: str = "instructeurs"
