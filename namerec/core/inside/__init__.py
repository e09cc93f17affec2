"""Looking inside a network: readings, traces, units, gradients, ablation, attribution."""
