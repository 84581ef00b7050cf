"""What an image looks like; nearness nominates and never decides."""
