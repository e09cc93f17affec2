"""Still pictures for reports, drawn without a browser."""
