"""The calculus of values, letters and slices: nothing here knows a Jacobian class."""
