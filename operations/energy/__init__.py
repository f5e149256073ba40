"""What the running stack's work costs: joules, gCO2e, and the carbon intensity of a million tweets."""
