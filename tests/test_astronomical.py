"""Jacobians of more elements than a machine counts: what they say of themselves is exact, and takes no room."""

import tracemalloc

import numpy as np
import pytest

import jackern as jk

HUGE = 2**62


def cases():
    side = (2**31, 2**31)
    vast = (2**40, 2**40)
    repeated = jk.einsum(",a->ab", 1.0, in_shape=2**40, out_shape=vast)
    outer = jk.einsum(",ab->cd", 1.0, in_shape=vast, out_shape=vast)
    kron = jk.einsum("ij,jk->ik", np.ones((2, 3)), in_shape=(3, HUGE), out_shape=(2, HUGE))
    other = jk.einsum("ij,kj->ki", np.ones((2, 3)), in_shape=(2**50, 3), out_shape=(2**50, 2))
    linear = jk.linear_map(np.negative, np.negative, vast, vast)
    convolution = jk.convolution([1.0, 2.0, 3.0], (2**40, 2**40), mode="same")
    eye = jk.einsum("ij,jk->ik", np.eye(2), in_shape=(2, HUGE), out_shape=(2, HUGE))
    return {
        "identity": (jk.identity(side), 2**62, 8),
        "larger identity": (jk.identity(vast), 2**80, 8),
        "zero": (jk.zero(HUGE, HUGE), 0, 0),
        "repeated": (repeated, 2**80, 8),
        "outer": (outer, 2**160, 8),
        "kron": (kron, 6 * HUGE, 48),
        "kron @ identity": (kron @ (2 * jk.identity((3, HUGE))), 6 * HUGE, 48),
        "kron.T @ kron": (kron.T @ kron, 9 * HUGE, 72),
        "kron @ kron": (eye @ kron, 6 * HUGE, 48),
        "other": (other, 6 * 2**50, 48),
        "gram": (kron.gram(), 9 * HUGE, 72),
        "outer @ repeated": (outer @ repeated, 2**120, 8),
        "identity + outer": (jk.identity(vast) + outer, None, 16),
        "linear map": (linear @ jk.identity(vast), None, 0),
        "linear map + identity": (linear + jk.identity(vast), 2**160, 8),
        "convolution": (convolution, 2**40 * (3 * 2**40 - 2), 24),
        "two taps": (jk.convolution([1.0, 2.0], HUGE), 2 * HUGE, 16),
        "product of convolutions": (convolution.T @ convolution, None, 24),
    }


@pytest.mark.parametrize("name", list(cases()))
def test_a_vast_jacobian_speaks_for_itself(name):
    tracemalloc.start()
    J, nnz, nbytes = cases()[name]
    for each in (J, J.T, J.reshape(J.out_shape, J.in_shape), J * 2, -J, J.astype(np.float32)):
        assert each.structure in repr(each)
        assert each.structure in each.explain()
        assert type(each.nbytes) is int
    assert J.nbytes == nbytes
    if nnz is not None:
        assert J.nnz == J.T.nnz == nnz
        assert type(J.nnz) is int
    if not J._factors()[1:] or J.structure == "product":
        with pytest.raises(MemoryError, match="max_bytes"):
            J.toarray()
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


@pytest.mark.parametrize("n_out", range(1, 9))
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_the_entries_of_a_convolution_are_counted(n_out, mode):
    for k in range(2, 6):
        if mode == "valid" and k > n_out:
            continue
        J = jk.convolution(np.ones(k), (2, n_out, 3), axis=1, mode=mode)
        assert J.nnz == J.T.nnz == np.count_nonzero(J.toarray())


@pytest.mark.parametrize(
    "length", [2**63, 2**70, 10**400, 10**5000, -(10**400), -(2**63)], ids=lambda n: n.bit_length()
)
def test_lengths_have_a_bound(length):
    a = np.ones((2, 2))
    for where, call in {
        "identity": lambda: jk.identity(length),
        "zero": lambda: jk.zero(2, (3, length)),
        "dense": lambda: jk.dense(a, out_shape=length),
        "reshape": lambda: jk.identity(4).reshape(length, 4),
        "select": lambda: jk.select(0, length),
        "convolution": lambda: jk.convolution([1.0, 2.0], length),
        "broadcast": lambda: jk.broadcast(a, length),
        "banded": lambda: jk.banded(a, [0, 1], (length, 2)),
        "linear_map": lambda: jk.linear_map(np.negative, None, length, 2),
        "einsum": lambda: jk.einsum(",a->a", 1.0, in_shape=length),
    }.items():
        with pytest.raises(
            ValueError, match=rf"^{where}.*: a length in \w+ is about -?2\*\*\d+, expected one from 0 to"
        ):
            call()


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**5000], ids=int.bit_length)
def test_numbers_beyond_every_float_are_refused(number, dtype):
    J = jk.diagonal(np.ones(3, dtype))
    for call in (
        lambda: J.jvp(number),
        lambda: J.vjp(number),
        lambda: J @ number,
        lambda: J * number,
        lambda: number * J,
        lambda: J / number,
        lambda: J.gram(number),
        lambda: J.solve(number),
        lambda: jk.identity(3, number, dtype),
        lambda: jk.ops.multiply.jacobian(np.ones(3, dtype), number),
    ):
        with pytest.raises(ValueError, match=r": \w+ is about -?2\*\*\d+, beyond the range of float"):
            call()


def test_lengths_add_up_beyond_a_machine_word_with_words_of_ours():
    J = jk.identity(HUGE)
    with pytest.raises(ValueError, match="expected one from 0 to"):
        jk.block([[J, None], [None, J]])
