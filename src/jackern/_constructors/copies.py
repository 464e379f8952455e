"""Jacobians with arrays of their own."""

from __future__ import annotations

import copy

from jackern._structures.base import Jacobian


def snapshot(jacobian: Jacobian) -> Jacobian:
    """Return the same Jacobian with arrays of its own, whatever becomes of those that the other one keeps.

    A Jacobian keeps an array that it is given, uncopied, and changes with it. That is wrong where the array is somebody
    else's to write to: solvers such as `scipy.integrate.odeint` and `scipy.optimize.leastsq` hand out one array for all
    their steps.

    Parameters
    ----------
    jacobian : Jacobian
        Of any structure.  The functions of a linear map stay as they are.

    Returns
    -------
    Jacobian
        Of the same structure.

    Raises
    ------
    TypeError
        `jacobian` is none.

    Examples
    --------
    >>> import numpy as np
    >>> import jackern as jk
    >>> d = np.array([1.0, 2.0])
    >>> kept, own = jk.diagonal(d), jk.snapshot(jk.diagonal(d))
    >>> d[:] = 0.0
    >>> kept.jvp(np.ones(2)), own.jvp(np.ones(2))
    (array([0., 0.]), array([1., 2.]))
    """
    if not isinstance(jacobian, Jacobian):
        raise TypeError(f"snapshot: jacobian is a {type(jacobian).__name__}, expected a Jacobian")
    return copy.deepcopy(jacobian)
