"""Application : une API, ses sondes, ses mesures et ses commandes d'exploitation."""
