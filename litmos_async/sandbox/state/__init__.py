"""What the sandbox knows: people, teams, courses, training, offers, imports."""
