"""Training: settings, presets, schedules, and the loop that yields records."""
