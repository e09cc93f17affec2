"""Names as the networks read them: alphabet, dataset, splits, batches without padding."""
