"""What can be carried away of a run: networks, programs, reports, and the run itself."""
