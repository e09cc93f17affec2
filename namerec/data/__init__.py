"""Where names come from: bundled, downloaded, or your own."""
