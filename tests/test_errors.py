"""Every error says where, what came and what was wanted, with the values, and nothing has been written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import layouts
import numpy as np
import products
import pytest

import jackern as jk

X3, X4 = np.full(3, 0.5), np.full(4, 0.5)
X34, X5, X35 = np.ones((3, 4)), np.ones(5), np.ones((3, 5))
LABELS = np.array([0, 1, 2])
LOGITS = np.ones((3, 4))


def read_only(shape):
    return layouts.read_only(np.ones(shape))


def self_overlapping(*shape):
    """Writable, with stride 0 along the first axis."""
    return np.lib.stride_tricks.as_strided(np.zeros(shape), shape, (0, *np.zeros(shape).strides[1:]))


def overlapping_pair():
    buffer = np.zeros(4)
    return buffer[:3], buffer[1:]


def same_twice(array):
    return array, array


RAGGED = [[1.0], [1.0, 2.0]]
X33 = np.ones((3, 3))


# what is wrong: (the call, the error, what its message must contain)
ERRORS = {
    # shapes
    "operands that do not broadcast": (lambda: jk.ops.add(X3, X4), ValueError, ["ops.add", "(3,)", "(4,)"]),
    "a cotangent of another shape": (
        lambda: jk.ops.tanh.vjp(X4, X3), ValueError, ["ops.tanh.vjp", "y_bar", "(4,)", "(3,)"]),
    "a cotangent that would broadcast": (
        lambda: jk.ops.tanh.vjp(np.ones((1, 3)), X3),
        ValueError, ["ops.tanh.vjp", "y_bar", "(1, 3)", "(3,)"]),
    "a number as a cotangent": (
        lambda: jk.ops.tanh.vjp(1.0, X3), ValueError, ["ops.tanh.vjp", "y_bar", "()", "(3,)"]),
    "a tangent of another shape": (
        lambda: jk.ops.tanh.jvp(X4, X3), ValueError, ["ops.tanh.jvp", "x_dot", "(4,)", "(3,)"]),
    "a tangent of the broadcast shape": (
        lambda: jk.ops.add.jvp((X35, X35), X35, X5), ValueError, ["ops.add.jvp", "b_dot", "(3, 5)", "(5,)"]),
    "a number as a tangent": (
        lambda: jk.ops.add.jvp((1.0, None), X3, X3), ValueError, ["ops.add.jvp", "a_dot", "()", "(3,)"]),
    "a y of another shape": (
        lambda: jk.ops.tanh.vjp(X3, y=X4), ValueError, ["ops.tanh.vjp", "y", "(4,)", "(3,)"]),
    "a y of another shape beside x": (
        lambda: jk.ops.tanh.vjp(X3, X3, y=X4), ValueError, ["ops.tanh.vjp", "y", "(4,)", "(3,)"]),
    "a y of another shape in a binary op": (
        lambda: jk.ops.divide.vjp(X3, X3, X3, y=X4), ValueError, ["ops.divide.vjp", "y", "(4,)", "(3,)"]),
    "a second cotangent of another shape": (
        lambda: jk.ops.tanh.vjp2(X4, X3, X3), ValueError, ["ops.tanh.vjp2", "h", "(4,)", "(3,)"]),
    "an out of another shape": (
        lambda: jk.ops.tanh(X3, out=np.ones(4)), ValueError, ["ops.tanh", "out", "(4,)", "(3,)"]),
    "an out that would broadcast": (
        lambda: jk.ops.tanh(X3, out=np.ones((1, 3))), ValueError, ["ops.tanh", "out", "(1, 3)", "(3,)"]),
    "an out of a cotangent of another shape": (
        lambda: jk.ops.add.vjp(X35, X35, X5, out=(None, np.ones((3, 5)))),
        ValueError, ["ops.add.vjp", "out", "(3, 5)", "(5,)"]),
    "an unbroadcast to no part of the shape": (
        lambda: jk.unbroadcast(X34, (3,)), ValueError, ["unbroadcast", "(3, 4)", "(3,)"]),
    # out
    "a read-only out": (
        lambda: jk.ops.tanh(X3, out=read_only(3)), ValueError, ["ops.tanh", "out", "read-only"]),
    "a read-only out of a cotangent": (
        lambda: jk.ops.add.vjp(X3, X3, X3, out=(None, read_only(3))),
        ValueError, ["ops.add.vjp", "out", "read-only"]),
    "an out that overlaps itself": (
        lambda: jk.ops.tanh(X34, out=self_overlapping(3, 4)), ValueError, ["ops.tanh", "out", "overlap"]),
    "two outs that overlap": (
        lambda: jk.ops.add.vjp(X3, X3, X3, out=overlapping_pair()),
        ValueError, ["ops.add.vjp", "out", "overlap"]),
    "two outs of a matmul that are one": (
        lambda: jk.ops.matmul.vjp(X33, X33, X33, out=same_twice(np.zeros((3, 3)))),
        ValueError, ["ops.matmul.vjp: out[1] overlaps out[0]"]),
    "two outs of a linear that are one": (
        lambda: jk.ops.linear.vjp(X33, X33, X33, X3, out=(*same_twice(np.zeros((3, 3))), None)),
        ValueError, ["ops.linear.vjp: out[1] overlaps out[0]"]),
    "two byte-swapped outs that are one": (
        lambda: jk.ops.add.vjp(X3, X3, X3, out=same_twice(np.zeros(3, np.dtype(float).newbyteorder()))),
        ValueError, ["ops.add.vjp: out[1] overlaps out[0]"]),
    "two outs of a subclass that are one": (
        lambda: jk.ops.add.vjp(X3, X3, X3, out=same_twice(np.zeros(3).view(np.recarray))),
        ValueError, ["ops.add.vjp: out[1] overlaps out[0]"]),
    "outs of vjp2 that overlap": (
        lambda: jk.ops.multiply.vjp2((X3, X3), X3, X3, X3, out=(None, *overlapping_pair())),
        ValueError, ["ops.multiply.vjp2: out[2] overlaps out[1]"]),
    "an out of a matmul that overlaps itself": (
        lambda: jk.ops.matmul(X33, X33, out=self_overlapping(3, 3)), ValueError, ["ops.matmul: out overlaps itself"]),
    "an out of a matrix and a vector that overlaps itself": (
        lambda: jk.ops.matmul(X33, X3, out=self_overlapping(3)), ValueError, ["ops.matmul: out overlaps itself"]),
    "an out of a linear that overlaps itself": (
        lambda: jk.ops.linear(X33, X33, X3, out=self_overlapping(3, 3)),
        ValueError, ["ops.linear: out overlaps itself"]),
    "an out of a sum's cotangent that overlaps itself": (
        lambda: jk.ops.sum.vjp(1.0, X33, out=self_overlapping(3, 3)), ValueError, ["ops.sum.vjp: out overlaps itself"]),
    "an out of integers": (
        lambda: jk.ops.tanh(X3, out=np.zeros(3, np.int64)), TypeError, ["ops.tanh", "out", "int64"]),
    "an out that is a list": (lambda: jk.ops.tanh(X3, out=[0.0] * 3), TypeError, ["ops.tanh", "out", "list"]),
    "an out that is no tuple for two cotangents": (
        lambda: jk.ops.add.vjp(X3, X3, X3, out=np.zeros(3)), TypeError, ["ops.add.vjp", "out", "tuple"]),
    "an out of the wrong length": (
        lambda: jk.ops.add.vjp(X3, X3, X3, out=(np.zeros(3),)), TypeError, ["ops.add.vjp", "out", "length 1", "of 2"]),
    "accumulate without out": (
        lambda: jk.ops.tanh.vjp(X3, X3, accumulate=True), TypeError, ["ops.tanh.vjp", "accumulate", "out"]),
    "accumulate without out in a jvp": (
        lambda: jk.ops.add.jvp((X3, X3), X3, X3, accumulate=True),
        TypeError, ["ops.add.jvp", "accumulate", "out"]),
    "accumulate without out in unbroadcast": (
        lambda: jk.unbroadcast(X34, (4,), accumulate=True), TypeError, ["unbroadcast", "accumulate", "out"]),
    # dtypes
    "float16": (lambda: jk.ops.tanh(X3.astype(np.float16)), TypeError, ["ops.tanh", "x", "float16"]),
    "long double": (
        lambda: jk.ops.tanh(X3.astype(np.longdouble)),
        TypeError, ["ops.tanh", "x", np.dtype(np.longdouble).name]),
    "complex": (lambda: jk.ops.tanh(X3.astype(complex)), TypeError, ["ops.tanh", "x", "complex128"]),
    "a complex number": (lambda: jk.ops.tanh(1j), TypeError, ["ops.tanh", "x", "complex"]),
    "an object array": (lambda: jk.ops.tanh(X3.astype(object)), TypeError, ["ops.tanh", "x", "object array"]),
    "any object": (lambda: jk.ops.tanh(object()), TypeError, ["ops.tanh", "x", "object"]),
    "None": (lambda: jk.ops.tanh(None), TypeError, ["ops.tanh", "x is missing"]),
    "a string": (lambda: jk.ops.tanh("0.5"), TypeError, ["ops.tanh", "x", "<U3"]),
    "a date": (
        lambda: jk.ops.tanh(np.array(["2020-01-01"], "M8[D]")), TypeError, ["ops.tanh", "x", "datetime64"]),
    "a masked array": (lambda: jk.ops.tanh(np.ma.array([0.5])), TypeError, ["ops.tanh", "x", "MaskedArray"]),
    "complex as the second operand": (
        lambda: jk.ops.add(X3, X3.astype(complex)), TypeError, ["ops.add", "b", "complex128"]),
    "a complex cotangent": (
        lambda: jk.ops.add.vjp(X3.astype(complex), X3, X3),
        TypeError, ["ops.add.vjp", "y_bar", "complex128"]),
    "a complex tangent": (
        lambda: jk.ops.add.jvp((X3, X3.astype(complex)), X3, X3),
        TypeError, ["ops.add.jvp", "b_dot", "complex128"]),
    "a float16 tangent": (
        lambda: jk.ops.tanh.jvp(X3.astype(np.float16), X3), TypeError, ["ops.tanh.jvp", "x_dot", "float16"]),
    "a ragged cotangent": (lambda: jk.ops.tanh.vjp(RAGGED, X3), ValueError, ["ops.tanh.vjp: y_bar is not an array"]),
    "a ragged cotangent of a sum": (
        lambda: jk.ops.sum.vjp(RAGGED, X3), ValueError, ["ops.sum.vjp: y_bar is not an array"]),
    "a ragged cotangent of a matmul": (
        lambda: jk.ops.matmul.vjp(RAGGED, X33, X33), ValueError, ["ops.matmul.vjp: y_bar is not an array"]),
    "a number that no float holds": (
        lambda: jk.ops.tanh(10**400), ValueError, ["ops.tanh: x is about 2**1328", "float64"]),
    "a second operand that no float holds": (
        lambda: jk.ops.multiply(X3, -(10**400)), ValueError, ["ops.multiply: b is about -2**1328", "float64"]),
    "an exponent that no float holds": (
        lambda: jk.ops.power.vjp(X3, X3, 10**400, wrt=0), ValueError, ["ops.power.vjp: b is about 2**1328", "float64"]),
    # arguments
    "a cotangent that is None": (lambda: jk.ops.tanh.vjp(None, X3), TypeError, ["ops.tanh.vjp: y_bar is missing"]),
    "an unbroadcast to None": (lambda: jk.unbroadcast(X34, None), TypeError, ["unbroadcast: shape is None"]),
    "an unbroadcast to half a length": (
        lambda: jk.unbroadcast(X34, (4.0,)), TypeError, ["unbroadcast: shape is (4.0,)"]),
    "neither x nor y": (lambda: jk.ops.tanh.vjp(X3), TypeError, ["ops.tanh.vjp", "x", "y"]),
    "no x where x is read": (lambda: jk.ops.sin.vjp(X3), TypeError, ["ops.sin.vjp", "x"]),
    "y where only x is read": (lambda: jk.ops.sin.vjp(X3, y=X3), TypeError, ["ops.sin.vjp", "x"]),
    "no x in a jvp": (lambda: jk.ops.sin.jvp(X3), TypeError, ["ops.sin.jvp", "x"]),
    "wrt out of range": (lambda: jk.ops.add.vjp(X3, X3, X3, wrt=2), ValueError, ["ops.add.vjp", "wrt", "2"]),
    "wrt below zero": (lambda: jk.ops.add.vjp(X3, X3, X3, wrt=-1), ValueError, ["ops.add.vjp", "wrt", "-1"]),
    "wrt out of range in a tuple": (
        lambda: jk.ops.add.vjp(X3, X3, X3, wrt=(0, 3)), ValueError, ["ops.add.vjp", "wrt", "3"]),
    "wrt twice": (
        lambda: jk.ops.add.vjp(X3, X3, X3, wrt=(0, 0)), ValueError, ["ops.add.vjp", "wrt", "(0, 0)"]),
    "wrt of no number": (
        lambda: jk.ops.add.vjp(X3, X3, X3, wrt="a"), TypeError, ["ops.add.vjp", "wrt", "'a'"]),
    "wrt out of range of a jacobian": (
        lambda: jk.ops.add.jacobian(X3, X3, wrt=2), ValueError, ["ops.add.jacobian", "wrt", "2"]),
    "one tangent for two operands": (
        lambda: jk.ops.add.jvp((X3,), X3, X3), TypeError, ["ops.add.jvp", "length 1", "of 2"]),
    "a tangent that is no tuple": (lambda: jk.ops.add.jvp(X3, X3, X3), TypeError, ["ops.add.jvp", "tuple"]),
    "an operand too few": (lambda: jk.ops.add(X3), TypeError, ["add", "b"]),
    # Python's own words, which do not name the op: checking them here would cost every call.
    "an operand too many": (lambda: jk.ops.tanh(X3, None, X3), TypeError, ["2", "3"]),
    "a keyword that is none": (lambda: jk.ops.tanh(X3, where=True), TypeError, ["'where'"]),
    "a function that is no op": (lambda: jk.op(np.fft.fft), ValueError, ["op", "fft"]),
    "a function like an op": (lambda: jk.op(np.tanh.reduce), ValueError, ["op"]),
    "no function": (lambda: jk.op(3), (TypeError, ValueError), ["op", "3"]),
    "a thread too few": (lambda: jk.set_num_threads(0), ValueError, ["set_num_threads", "0"]),
    "a negative number of threads": (lambda: jk.set_num_threads(-2), ValueError, ["set_num_threads", "-2"]),
    "half a thread": (lambda: jk.set_num_threads(1.5), TypeError, ["1.5"]),
    # sums
    "an axis out of range": (lambda: jk.ops.sum(X34, axis=2), ValueError, ["ops.sum", "axis", "2", "(3, 4)"]),
    "an axis below range": (
        lambda: jk.ops.sum(X34, axis=-3), ValueError, ["ops.sum", "axis", "-3", "(3, 4)"]),
    "an axis twice": (lambda: jk.ops.sum(X34, axis=(0, -2)), ValueError, ["ops.sum", "axis", "(0, -2)"]),
    "half an axis": (lambda: jk.ops.sum(X34, axis=0.5), TypeError, ["ops.sum", "axis", "0.5"]),
    "an axis out of range of a vjp": (
        lambda: jk.ops.sum.vjp(X3, X34, axis=2), ValueError, ["ops.sum.vjp", "axis", "2", "(3, 4)"]),
    "a cotangent of a sum of another shape": (
        lambda: jk.ops.sum.vjp(X3, X34, axis=0), ValueError, ["ops.sum.vjp", "y_bar", "(3,)", "(4,)"]),
    "a tangent of a sum of another shape": (
        lambda: jk.ops.sum.jvp(X3, X34), ValueError, ["ops.sum.jvp", "x_dot", "(3,)", "(3, 4)"]),
    "a mean of complex": (
        lambda: jk.ops.mean(X3.astype(complex)), TypeError, ["ops.mean", "x", "complex128"]),
    "a sum over None": (lambda: jk.ops.sum.vjp(1.0, None), TypeError, ["ops.sum.vjp: x is missing"]),
    "a mean over None": (lambda: jk.ops.mean.vjp(1.0, None), TypeError, ["ops.mean.vjp: x is missing"]),
    # products of matrices
    "a matmul with None": (lambda: jk.ops.matmul(X33, None), TypeError, ["ops.matmul: b is missing"]),
    "a cotangent by None": (
        lambda: jk.ops.matmul.vjp(X33, None, X33, wrt=0), TypeError, ["ops.matmul.vjp: a is missing"]),
    "a linear without weights": (lambda: jk.ops.linear(X33, None), TypeError, ["ops.linear: w is missing"]),
    "inner lengths that differ": (
        lambda: jk.ops.matmul(X34, X35), ValueError, ["ops.matmul", "(3, 4)", "(3, 5)"]),
    "batches that do not broadcast": (
        lambda: jk.ops.matmul(np.ones((2, 3, 4)), np.ones((3, 4, 5))),
        ValueError, ["ops.matmul", "a (2,)", "b (3,)"]),
    "a number in matmul": (lambda: jk.ops.matmul(2.0, X3), ValueError, ["ops.matmul", "a", "()"]),
    "a cotangent of matmul of another shape": (
        lambda: jk.ops.matmul.vjp(X3, X34, X4.reshape(4, 1)),
        ValueError, ["ops.matmul.vjp", "y_bar", "(3,)", "(3, 1)"]),
    "an integer out of matmul": (
        lambda: jk.ops.matmul(X34, X4, out=np.zeros(3, int)), TypeError, ["ops.matmul", "out", "int64"]),
    "weights that do not fit": (
        lambda: jk.ops.linear(X34, X35, X5), ValueError, ["ops.linear", "(3, 4)", "(3, 5)"]),
    "a bias that does not fit": (
        lambda: jk.ops.linear(X34, np.ones((4, 5)), X4), ValueError, ["ops.linear", "b", "(4,)", "(5,)"]),
    "wrt a bias that is not there": (
        lambda: jk.ops.linear.vjp(X35, X34, np.ones((4, 5)), None, wrt=(0, 2)),
        ValueError, ["ops.linear.vjp", "wrt", "2"]),
    # rows
    "a label too large": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, np.array([0, 4, 1])),
        ValueError, ["ops.softmax_cross_entropy", "label", "4"]),
    "a label below zero": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, np.array([0, 1, -1])),
        ValueError, ["ops.softmax_cross_entropy", "label", "-1"]),
    "a label too large in a vjp": (
        lambda: jk.ops.softmax_cross_entropy.vjp(X3, LOGITS, np.array([0, 4, 1])),
        ValueError, ["ops.softmax_cross_entropy.vjp", "label", "4"]),
    "a label too large in a batch of two axes": (
        lambda: jk.ops.softmax_cross_entropy(np.ones((2, 3, 4)), [[0, 1, 2], [3, 7, 1]]),
        ValueError, ["ops.softmax_cross_entropy: labels[1, 1] is 7", "0 to 3"]),
    "a label beyond every signed integer": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, np.array([0, 2**64 - 1, 1], np.uint64)),
        ValueError, ["ops.softmax_cross_entropy: labels[1] is 18446744073709551615"]),
    "masked labels": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, np.ma.array([0, 1, 2])),
        TypeError, ["ops.softmax_cross_entropy: labels is a MaskedArray"]),
    "ragged labels": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, [[0], [1, 2]]),
        ValueError, ["ops.softmax_cross_entropy: labels is not an array"]),
    "labels of floats": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, np.array([0.0, 1.0, 2.0])),
        TypeError, ["ops.softmax_cross_entropy", "labels", "float64"]),
    "labels of another length": (
        lambda: jk.ops.softmax_cross_entropy(LOGITS, np.array([0, 1])),
        ValueError, ["ops.softmax_cross_entropy", "labels", "(2,)", "(3,)"]),
    "a cotangent of another number of rows": (
        lambda: jk.ops.softmax_cross_entropy.vjp(X4, LOGITS, LABELS),
        ValueError, ["ops.softmax_cross_entropy.vjp", "y_bar", "(4,)", "(3,)"]),
    # building Jacobians
    "subscripts without an arrow": (lambda: jk.einsum("ij,j", X34), ValueError, ["einsum", "'ij,j'"]),
    "subscripts without a comma": (lambda: jk.einsum("ij->i", X34), ValueError, ["einsum", "'ij->i'"]),
    "a letter twice": (
        lambda: jk.einsum("ii,i->i", np.ones((3, 3))), ValueError, ["einsum", "'ii,i->i'", "i"]),
    "a subscript that is no letter": (
        lambda: jk.einsum("...,i->i", X3), ValueError, ["einsum", "'...,i->i'"]),
    "subscripts that are no string": (lambda: jk.einsum(3, X3), TypeError, ["einsum", "int"]),
    "values of another number of axes": (
        lambda: jk.einsum("i,i->i", X34), ValueError, ["einsum", "'i,i->i'", "(3, 4)"]),
    "a letter of unknown length": (lambda: jk.einsum(",i->i", 2.0), ValueError, ["einsum", "i", "in_shape"]),
    "an out letter of unknown length": (
        lambda: jk.einsum(",->i", 2.0, in_shape=()), ValueError, ["einsum", "i", "out_shape"]),
    "a letter of two lengths": (
        lambda: jk.einsum("i,i->i", X3, in_shape=(4,)), ValueError, ["einsum", "i", "3", "4"]),
    "an in_shape of another number of axes": (
        lambda: jk.einsum("i,i->i", X3, in_shape=(3, 1)), ValueError, ["einsum", "in_shape", "(3, 1)"]),
    "a complex Jacobian": (lambda: jk.diagonal(X3.astype(complex)), TypeError, ["diagonal", "complex128"]),
    "a float16 Jacobian": (lambda: jk.dense(X34.astype(np.float16)), TypeError, ["dense", "float16"]),
    "an object Jacobian": (lambda: jk.diagonal(X3.astype(object)), TypeError, ["diagonal", "object array"]),
    "a dense Jacobian of one axis": (lambda: jk.dense(X3), ValueError, ["dense", "(3,)"]),
    "a dense Jacobian of other shapes": (
        lambda: jk.dense(X34, (3,), (5,)), ValueError, ["dense", "(3, 4)", "(5,)"]),
    "a block of one axis": (lambda: jk.block_diagonal(X3), ValueError, ["block_diagonal", "(3,)"]),
    "a broadcast from a shape that does not": (
        lambda: jk.broadcast(X34, (3,)), ValueError, ["broadcast", "(3, 4)", "(3,)"]),
    "a reduction over an axis out of range": (
        lambda: jk.reduction(X34, axis=2), ValueError, ["reduction", "axis", "2", "(3, 4)"]),
    "a negative length": (lambda: jk.identity((-1,)), ValueError, ["identity", "(-1,)"]),
    "a scale that is no number": (lambda: jk.identity(3, X3), (TypeError, ValueError), ["identity", "scale"]),
    "an integer dtype of an identity": (lambda: jk.identity(3, dtype=int), TypeError, ["identity", "int"]),
    # using Jacobians
    "a tangent of a Jacobian of another shape": (
        lambda: jk.diagonal(X3).jvp(X4), ValueError, ["jvp", "x_dot", "(4,)", "(3,)"]),
    "a cotangent of a Jacobian of another shape": (
        lambda: jk.dense(X34).vjp(X4), ValueError, ["vjp", "y_bar", "(4,)", "(3,)"]),
    "an out of a Jacobian of another shape": (
        lambda: jk.dense(X34).jvp(X4, out=np.zeros(4)), ValueError, ["jvp", "out", "(4,)", "(3,)"]),
    "a read-only out of a Jacobian": (
        lambda: jk.dense(X34).jvp(X4, out=read_only(3)), ValueError, ["jvp", "out", "read-only"]),
    "an integer out of a Jacobian": (
        lambda: jk.dense(X34).jvp(X4, out=np.zeros(3, int)), TypeError, ["jvp", "out", "int64"]),
    "accumulate of a Jacobian without out": (
        lambda: jk.dense(X34).vjp(X3, accumulate=True), TypeError, ["vjp", "accumulate", "out"]),
    "a complex tangent of a Jacobian": (
        lambda: jk.dense(X34).jvp(X4.astype(complex)), TypeError, ["jvp", "x_dot", "complex128"]),
    "a matrix product of other lengths": (lambda: jk.dense(X34) @ X3, ValueError, ["@", "(3,)", "4"]),
    "a matrix product of other lengths from the left": (
        lambda: X4 @ jk.dense(X34), ValueError, ["@", "(4,)", "3"]),
    "a matrix product with a number": (lambda: jk.dense(X34) @ 2.0, (TypeError, ValueError), ["@"]),
    "a Jacobian times an array": (lambda: jk.diagonal(X3) * X3, TypeError, ["jk.diagonal", "(3,)"]),
    "an array times a Jacobian": (lambda: X3 * jk.diagonal(X3), TypeError, ["jk.diagonal", "(3,)"]),
    "a Jacobian over an array": (lambda: jk.diagonal(X3) / X3, TypeError, ["jk.diagonal", "(3,)"]),
    "a Jacobian times a complex number": (lambda: jk.diagonal(X3) * 1j, TypeError, ["complex"]),
    "a reshape to another size": (
        lambda: jk.diagonal(X3).reshape((4,), (3,)), ValueError, ["reshape", "(4,)", "(3,)"]),
    "a layout that is none": (
        lambda: jk.diagonal(X3).toarray(layout="fortran"),
        ValueError, ["layout", "'fortran'", "numerator", "denominator"]),
    "an array over the cap": (
        lambda: jk.identity(100_000).toarray(), MemoryError, ["80000000000", "max_bytes"]),
    "a tensor over a cap": (
        lambda: jk.diagonal(X3).totensor(max_bytes=71), MemoryError, ["72", "71", "max_bytes"]),
    "a view of what is not stored": (
        lambda: np.asarray(jk.diagonal(X3), copy=False), ValueError, ["copy"]),
}  # fmt: skip


@pytest.mark.parametrize("what", ERRORS)
def test_the_error_says_where_what_came_and_what_was_wanted(what):
    call, kind, fragments = ERRORS[what]
    with pytest.raises(kind) as error:
        call()
    message = str(error.value)
    missing = [fragment for fragment in fragments if fragment not in message]
    assert not missing, f"{missing} not in: {message}"


def test_the_message_of_a_wrong_cotangent_is_a_whole_sentence():
    with pytest.raises(ValueError, match="y_bar") as error:
        jk.ops.multiply.vjp(np.ones((3, 4)), np.ones((3, 5)), np.ones(5))
    assert str(error.value) == (
        "ops.multiply.vjp: y_bar has shape (3, 4), expected (3, 5), the broadcast shape of a (3, 5) and b (5,)."
    )


def test_every_op_names_itself_and_its_argument(op):
    bad, good = np.ones(3, np.complex64), [np.ones(3)] * op.nin
    bad_first = [bad] + [None] * (op.nin - 1)
    calls = {
        f"ops.{op.name}:": lambda: op(*good[1:], bad),
        f"ops.{op.name}.vjp:": lambda: op.vjp(bad, *good),
        f"ops.{op.name}.jvp:": lambda: products.jvp(op, bad_first, good),
        f"ops.{op.name}.vjp2:": lambda: products.vjp2(op, bad_first, np.ones(3), good),
    }
    for where, call in calls.items():
        with pytest.raises(TypeError, match="complex64") as error:
            call()
        assert str(error.value).startswith(where)


def test_op_does_not_take_a_function_for_numpy_s_because_of_its_name():
    def square(x):
        return x

    with pytest.raises(ValueError, match="did you mean 'square'"):
        jk.op(square)


@pytest.mark.parametrize("thing", [None, np, abs, type("Named", (), {"name": []})()])
def test_op_refuses_what_is_no_function_of_numpy(thing):
    with pytest.raises(ValueError, match=r"^op: no op for "):
        jk.op(thing)


def test_op_names_the_nearest_ops_of_a_function_it_does_not_know():
    def tanhh(x):
        return x

    with pytest.raises(ValueError, match="tanhh") as error:
        jk.op(tanhh)
    assert "tanh" in str(error.value).replace("tanhh", "")


# ---- nothing has been written when an error is raised -------------------------------------------------

UNTOUCHED = {
    "a cotangent of another shape": lambda out: jk.ops.tanh.vjp(X4, X3, out=out),
    "operands that do not broadcast": lambda out: jk.ops.add(X3, X4, out=out),
    "a complex operand": lambda out: jk.ops.add(X3, X3 * 1j, out=out),
    "a missing x": lambda out: jk.ops.sin.vjp(X3, out=out),
    "the second out read-only": lambda out: jk.ops.add.vjp(X3, X3, X3, out=(out, read_only(3))),
    "the second out of another shape": lambda out: jk.ops.add.vjp(X3, X3, X3, out=(out, np.ones(4))),
    "the second out of integers": lambda out: jk.ops.add.vjp(X3, X3, X3, out=(out, np.ones(3, int))),
    "the second out the same array": lambda out: jk.ops.add.vjp(X3, X3, X3, out=(out, out)),
    "the second out of a matmul the same array": lambda out: jk.ops.matmul.vjp(1.0, X3, X3, out=(out, out)),
    "wrt out of range": lambda out: jk.ops.add.vjp(X3, X3, X3, wrt=(0, 2), out=(out, np.ones(3))),
    "the third out of vjp2 read-only": lambda out: jk.ops.multiply.vjp2(
        (X3, X3), X3, X3, X3, out=(out, None, read_only(3))
    ),
    "the second tangent of another shape": lambda out: jk.ops.add.jvp((X3, X4), X3, X3, out=out),
    "a label out of range in the last row": lambda out: jk.ops.softmax_cross_entropy(LOGITS, [0, 1, 4], out=out),
    "weights that do not fit": lambda out: jk.ops.matmul(X34, X3, out=out),
    "a tangent of a Jacobian of another shape": lambda out: jk.dense(X34).jvp(X3, out=out),
    "an axis out of range": lambda out: jk.ops.sum(X34, axis=2, out=out),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("what", UNTOUCHED)
def test_out_is_untouched_after(what):
    out = np.array([7.0, 8.0, 9.0])
    with pytest.raises((TypeError, ValueError)):
        UNTOUCHED[what](out)
    assert np.array_equal(out, [7, 8, 9])


def overlapping(shape):
    """Memory, and an array of this shape in it whose elements share some; None where there is no such array."""
    if max(shape, default=0) < 2:
        return None
    memory = np.full(7 + sum(shape), 7.0)
    return memory, np.lib.stride_tricks.as_strided(memory, shape, [8] * len(shape) if len(shape) > 1 else [0])


def test_an_out_that_overlaps_itself_is_untouched(any_op):
    """Of every product and every result, beside outs that are right: those stay as they are too."""
    arguments, keywords = any_op.sample(np.random.default_rng(0), 24)
    arguments = [np.reshape(x, (4, -1)) if op_is_pointwise(any_op) else x for x in arguments]
    value = np.asarray(any_op(*arguments, **keywords))
    floats = [x for x in arguments if np.asarray(x).dtype.kind == "f"]
    wrt = 0 if len(floats) == 1 else tuple(range(len(floats)))
    h = floats[0] if wrt == 0 else tuple(floats)
    products = {
        "value": (lambda out: any_op(*arguments, **keywords, out=out[0]), [value]),
        "jvp": (
            lambda out: any_op.jvp(h, *arguments, **keywords, out=out[0]),
            [value],
        ),
        "vjp": (
            lambda out: any_op.vjp(value, *arguments, **keywords, wrt=wrt, out=out[0] if wrt == 0 else out),
            floats,
        ),
        "vjp2": (
            lambda out: any_op.vjp2(h, value, *arguments, **keywords, wrt=wrt, out=out),
            [value, *floats],
        ),
    }
    for name, (call, like) in products.items():
        for k, x in enumerate(like):
            if (made := overlapping(np.shape(x))) is None:
                continue
            memory, bad = made
            outs = [np.full(np.shape(other), 5.0) for other in like]
            others = outs[:k] + outs[k + 1 :]
            with pytest.raises(ValueError, match="overlaps itself"):
                call((*outs[:k], bad, *outs[k + 1 :]))
            assert np.all(memory == 7), name
            assert all(np.all(other == 5) for other in others), name


def op_is_pointwise(op):
    return hasattr(op, "domain")


def test_an_accumulating_softmax_cross_entropy_with_a_bad_label_adds_nothing():
    out = np.ones((3, 4))
    with pytest.raises(ValueError, match="label"):
        jk.ops.softmax_cross_entropy.vjp(X3, LOGITS, np.array([0, 1, 4]), out=out, accumulate=True)
    assert np.array_equal(out, np.ones((3, 4)))


def test_the_library_still_works_after_errors():
    for call, kind, _ in list(ERRORS.values())[:20]:
        with pytest.raises(kind):
            call()
    assert np.array_equal(jk.ops.add(X3, X3), np.ones(3))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_an_exception_of_a_signal_handler_is_not_rewritten():
    def stop(*_):
        raise ValueError("stopped by the user")

    x = np.ones((1000, 1000))
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for _ in range(5):
            with pytest.raises(ValueError, match="stopped") as error:  # noqa: PT012
                signal.setitimer(signal.ITIMER_REAL, 0.002)
                while True:
                    jk.ops.softmax_cross_entropy(x, np.zeros(1000, int))
            assert str(error.value) == "stopped by the user"
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_wrong_instruction_set_is_refused_with_the_choices():
    run = subprocess.run(
        [sys.executable, "-c", "import jackern"],
        env=os.environ | {"JACKERN_ISA": "avx9000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    last = run.stderr.strip().splitlines()[-1]
    assert "JACKERN_ISA" in last
    assert "avx9000" in last
    assert "baseline" in last
