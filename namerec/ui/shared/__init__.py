"""What several pages draw: charts, tables, choices of runs and corpora, cached services."""
