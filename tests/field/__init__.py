"""What the field found: one file for each row, named by it."""
