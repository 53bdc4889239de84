"""The drawings behind the sprites: one module per class, and the tools they share."""
