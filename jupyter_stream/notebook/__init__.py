"""The notebook's room: magics, `ask`, and the views that show an answer. Each part is imported where it is used."""
