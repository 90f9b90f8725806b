"""Speed as ratios: Lumos against bare loops that do the same calls, in one run."""
