# Functions of higher rooms that lower ones call.


class Slots:
    """Functions by name, as attributes; filled once, at import, by who knows both the caller and the called.

    Parameters
    ----------
    *names : str
        Of the functions.

    Raises
    ------
    TypeError
        From `fill`: a function that is not given, that has no slot, or that comes a second time.
    AttributeError
        A slot that is empty still, or that there is not.
    """

    def __init__(self, *names):
        self._names = names

    def fill(self, **functions):
        """Give every slot its function."""
        missing = sorted(set(self._names) - functions.keys())
        unknown = sorted(functions.keys() - set(self._names))
        if missing or unknown:
            raise TypeError(f"slots without a function: {missing}, functions without a slot: {unknown}")
        if not vars(self).keys().isdisjoint(functions):
            raise TypeError("the slots are filled already")
        vars(self).update(functions)

    def __getattr__(self, name):
        raise AttributeError(f"{name} is no slot, or nothing has filled it; slots are {', '.join(self._names)}")
