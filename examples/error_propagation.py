"""First-order error propagation through a calibration pipeline, checked by simulation.

Eight sensors take a thousand readings each. A reading is freed of its sensor's dark value, divided by its
gain and put on a logarithmic scale; the result is one mean level per sensor. One VJP gives the sensitivity
of every level to every reading, dark value and gain: sensors do not mix, so the cotangent of ones loses
nothing, and no Jacobian of 8 x 8000 numbers is ever made.

Run it with ``python examples/error_propagation.py``.
"""

import numpy as np

import jackern as jk


def levels(readings, dark, gain):
    """Mean level per sensor from readings of shape (times, sensors), and what the pullback needs."""
    signal = jk.ops.subtract(readings, dark)
    ratio = jk.ops.divide(signal, gain)
    return jk.ops.mean(jk.ops.log(ratio), axis=0), (signal, ratio)


def sensitivities(readings, dark, gain, signal, ratio):
    """d level / d (readings, dark, gain) of each sensor by its own inputs, of the inputs' shapes."""
    level_bar = np.ones(readings.shape[1])
    log_bar = jk.ops.mean.vjp(level_bar, readings, axis=0)  # of its operand, mean reads the shape alone
    ratio_bar = jk.ops.log.vjp(log_bar, ratio)
    signal_bar, gain_bar = jk.ops.divide.vjp(ratio_bar, signal, gain)
    readings_bar, dark_bar = jk.ops.subtract.vjp(signal_bar, readings, dark)
    return readings_bar, dark_bar, gain_bar


def main():
    rng = np.random.default_rng(0)
    n_times, n_sensors = 1000, 8
    dark, dark_error = rng.uniform(1.0, 2.0, n_sensors), 0.02
    gain, gain_error = rng.uniform(0.5, 2.0, n_sensors), 0.01
    readings, reading_error = rng.uniform(5.0, 9.0, (n_times, n_sensors)), 0.5

    _, saved = levels(readings, dark, gain)
    by_reading, by_dark, by_gain = sensitivities(readings, dark, gain, *saved)
    variance = (
        reading_error**2 * jk.ops.sum(jk.ops.square(by_reading), axis=0)
        + dark_error**2 * by_dark**2
        + gain_error**2 * by_gain**2
    )
    predicted = np.sqrt(variance)

    draws = []
    for _ in range(2000):
        noisy = (
            readings + reading_error * rng.normal(size=readings.shape),
            dark + dark_error * rng.normal(size=n_sensors),
            gain + gain_error * rng.normal(size=n_sensors),
        )
        draws.append(levels(*noisy)[0])
    simulated = np.std(draws, axis=0)

    print("sensor  predicted  simulated")
    for sensor in range(n_sensors):
        print(f"{sensor:6d}  {predicted[sensor]:9.5f}  {simulated[sensor]:9.5f}")
    if not np.allclose(predicted, simulated, rtol=0.1):
        raise SystemExit("prediction and simulation disagree")


if __name__ == "__main__":
    main()
