"""``python -m app`` : sert l'API jusqu'à SIGTERM, puis laisse finir les requêtes en cours."""

import uvicorn

from app.application import creer_application
from app.configuration import Configuration
from app.journaux import installer

configuration = Configuration()
installer(configuration.log_level)
uvicorn.Server(
    uvicorn.Config(
        creer_application(configuration),
        host=configuration.hote,
        port=configuration.port,
        log_config=None,  # les journaux JSON sont déjà installés
        access_log=False,  # chaque requête est journalisée par app.intergiciels, sans adresse ni paramètre
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=configuration.arret_secondes,
    )
).run()
