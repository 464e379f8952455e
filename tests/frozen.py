"""What tests/test_frozen.py freezes: it computes, solves, pickles, copies, and prints all that."""

import copy
import pickle

import numpy as np

import jackern as jk
from jackern import _core

x = np.linspace(0.1, 1.0, 5)
long = np.linspace(-1.0, 1.0, 200_000)
J = jk.banded([[1.0] * 5, [4.0] * 5, [1.0] * 5], [-1, 0, 1], (5, 5))
K = pickle.loads(pickle.dumps(J @ jk.diagonal(x)))
jk.set_num_threads(2)
print("jackern from", jk.__file__)
print("its core from", _core.__file__)
print("tanh", jk.ops.tanh(x).tolist())
print("of many", float(jk.ops.sum(jk.ops.tanh(long))))
print("multiply.vjp", [x_bar.tolist() for x_bar in jk.ops.multiply.vjp(np.ones((2, 5)), np.ones((2, 5)), x)])
print("banded solve", J.solve(x).tolist())
print("dense solve", jk.dense(2 * np.eye(5) + 1).solve(x).tolist())
print("a pickle", K.jvp(x).tolist(), K.explain().splitlines()[0])
print("a copy", copy.deepcopy(K).vjp(x).tolist(), copy.copy(K).toarray().tolist())
print("an op's pickle", pickle.loads(pickle.dumps(jk.ops.tanh)))
print("version", jk.__version__)
jk.show_config()
try:
    print("header in", jk.get_include())
except FileNotFoundError as error:
    print("no header:", error)
