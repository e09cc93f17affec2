"""What networks are set to beside names: the memory task, the race, the quiz."""
