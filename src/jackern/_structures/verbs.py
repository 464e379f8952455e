"""What a Jacobian can do that files above `base` know: signatures and words here, the work behind slots."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jackern import _core
from jackern._arrays.operands import Array, quiet

MAX_BYTES = 2**30

# `_wiring` fills them in.
verbs = _core.Slots(
    "add",
    "aslinearoperator",
    "compose",
    "diagonal_of_product",
    "explain",
    "gram",
    "logabsdet",
    "short",
    "solve",
    "spy",
    "tobanded",
    "tocsr",
    "todia",
)


class Verbs:
    """Methods of every Jacobian that call a slot, and its repr."""

    __slots__ = ()

    @quiet
    def todia(self: Any) -> Any:
        """Return the matrix as a ``scipy.sparse.dia_array``: the diagonals of a banded Jacobian, exactly.

        Raises
        ------
        ImportError
            SciPy is not installed.
        ValueError
            A structure that is no sum of diagonals of the matrix.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.banded([[1.0, 2.0, 3.0]], [1], (3, 3)).todia().data
        array([[0., 2., 3.]])
        """
        return verbs.todia(self)

    @quiet
    def tocsr(self: Any) -> Any:
        """Return the matrix as a ``scipy.sparse.csr_array`` of the entries that are not structurally zero.

        Raises
        ------
        ImportError
            SciPy is not installed.
        ValueError
            A linear map, whose entries are not known.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.diagonal([1.0, 2.0]).tocsr().nnz
        2
        """
        return verbs.tocsr(self)

    @quiet
    def tobanded(self: Any, *, max_bytes: int | None = MAX_BYTES) -> tuple[tuple[int, int], Array]:
        """Return the bandwidths and the diagonals in LAPACK's layout, for ``scipy.linalg.solve_banded``.

        Parameters
        ----------
        max_bytes : int or None
            The most that the array may take; None lifts the cap.

        Returns
        -------
        (l, u) : tuple of int
            How many diagonals lie below and above the main one.
        ab : ndarray
            ``(l + u + 1, n)``, with ``ab[u + i - j, j]`` the entry in row i and column j.

        Raises
        ------
        ValueError
            A structure that is no sum of diagonals of the matrix.
        MemoryError
            The array would be larger than `max_bytes`.

        Examples
        --------
        >>> import jackern as jk
        >>> (l, u), ab = jk.banded([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0, 1], (3, 3)).tobanded()
        >>> (l, u)
        (0, 1)
        >>> ab
        array([[0., 5., 6.],
               [1., 2., 3.]])
        """
        return verbs.tobanded(self, max_bytes)

    def aslinearoperator(self: Any) -> Any:
        """Return a ``scipy.sparse.linalg.LinearOperator`` with this matrix, for SciPy's iterative solvers.

        It takes what the operator of the dense matrix takes, but no complex numbers: vectors ``(n,)`` and matrices
        ``(n, k)``, and since SciPy 1.18 batches, ``(..., n)`` for ``matvec`` and ``(..., n, k)`` for ``matmat``.

        Raises
        ------
        ImportError
            SciPy is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> import jackern as jk
        >>> jk.diagonal([1.0, 2.0]).aslinearoperator().matvec(np.ones(2))
        array([1., 2.])
        """
        return verbs.aslinearoperator(self)

    def solve(self: Any, b: ArrayLike) -> Array:
        """Solve ``J x = b`` by the structure of a square Jacobian.

        Parameters
        ----------
        b : array_like
            Right-hand sides, ``(*batch, *out_shape)``.

        Returns
        -------
        ndarray
            ``(*batch, *in_shape)``, a new array of the promoted dtype.

        Raises
        ------
        ValueError
            A Jacobian that is not square; another shape of `b`; a structure that cannot be solved directly.
        numpy.linalg.LinAlgError
            A singular Jacobian, with the index of the zero pivot; one so nearly singular, or so badly scaled, that
            no solution can be vouched for, with the residual.
        MemoryError
            A dense matrix would have to be formed, of more bytes than `toarray` forms.

        Notes
        -----
        A diagonal divides, blocks are solved one by one (Cholesky where they are symmetric and positive definite, LU
        with pivoting else), banded ones in O(n) by LU with pivoting or Cholesky, products of square factors one after
        the other, and a diagonal plus a product of low rank by the formula of Sherman, Morrison and Woodbury (Golub
        and Van Loan, Matrix Computations, section 2.1.4).  Nothing is kept for the next call.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.banded([[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]], [0, -1], (3, 3)).solve([2.0, 3.0, 3.0])
        array([1., 1., 1.])
        """
        return verbs.solve(self, b)

    def logabsdet(self: Any) -> np.floating[Any]:
        """Return ``log(abs(det J))`` of a square Jacobian that `solve` takes; -inf if it is singular.

        Raises
        ------
        numpy.linalg.LinAlgError
            The digits of a determinant cannot be vouched for.
        ValueError, MemoryError
            As for `solve`.

        Examples
        --------
        >>> import jackern as jk
        >>> float(jk.diagonal([1.0, -1.0]).logabsdet())
        0.0
        """
        return verbs.logabsdet(self)

    def explain(self: Any) -> str:
        """Return a tree of what is held: every factor and term with its structure, its numbers, and what it costs.

        Where a product or a sum is kept apart, it says why.

        Examples
        --------
        >>> import jackern as jk
        >>> print(jk.identity(1_000_000).explain().splitlines()[0])
        identity Jacobian, (1000000,) <- (1000000,), float64, 8 bytes
        """
        return verbs.explain(self)

    def spy(self: Any, ax: Any = None, *, max_pixels: int = 512) -> Any:
        """Plot the pattern of the entries that are not structurally zero, from the structure, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to plot; a new figure by default.
        max_pixels : int
            The most cells on a side; a larger matrix is drawn coarser.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            matplotlib is not installed.
        ValueError
            A structure whose pattern is not known without forming it; `max_pixels` below 1.

        Examples
        --------
        >>> import jackern as jk
        >>> jk.identity((1000, 1000)).spy().get_title()
        'identity Jacobian'
        """
        return verbs.spy(self, ax, max_pixels)

    def __repr__(self: Any) -> str:
        return verbs.short(self)
