"""The networks: settings, readable cells, fast layers, and models of one signature."""
