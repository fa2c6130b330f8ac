"""Environnement du poste de développement : installation, processus, données. Rien d'ici n'est livré."""
