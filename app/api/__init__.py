"""HTTP: one module per noun; a route reads its input, calls one service function and returns a struct."""
