"""Pure functions from results to Plotly figures, under one theme."""
