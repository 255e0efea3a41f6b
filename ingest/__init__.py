"""From what was said to what is remembered: pure steps and two thin shells."""
