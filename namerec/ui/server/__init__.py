"""One server: who may come in, the job manager, the API, uploads, limits."""
