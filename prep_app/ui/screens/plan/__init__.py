"""The interview's date: asked for in a box over Home."""
